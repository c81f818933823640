//! Which assistant stands behind the port.

use crate::assistant::{self, Unusable};
use crate::config::settings::Ai;
use crate::ports::assistant::AssistantStage;
use crate::ports::knowledge::CurrentKnowledge;
use crate::ports::store::Store;
use crate::stages;
use std::sync::Arc;

/// The stage the settings ask for; `None`: they ask for none.
///
/// # Errors
/// Address or key of the config cannot be used.
pub fn assistant_stage(
    settings: &Ai,
    knowledge: Arc<dyn CurrentKnowledge>,
    store: Arc<dyn Store>,
) -> Result<Option<Arc<dyn AssistantStage>>, Unusable> {
    let answers = assistant::Assistant::new(settings, knowledge, store)?;
    Ok(answers.map(|answers| {
        let stage = stages::assistant::Assistant::new(Arc::new(answers), settings.concurrency);
        Arc::new(stage) as Arc<dyn AssistantStage>
    }))
}
