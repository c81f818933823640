//! Numbered laws of a state, shared by property tests and debug builds.

use super::context::MAX_CONTEXT_BYTES;
use super::outbox::{MAX_BUBBLES_PER_CALL, MAX_EFFECTS, MAX_OUTBOX_BYTES};
use super::question::MAX_BUBBLES as MAX_QUESTION_BUBBLES;
use super::run::MAX_SLOTS;
use super::seen::SEEN_MAX;
use super::state::{Conversation, Phase, UNSENT_MAX, is_taken_back};
use super::tokens::MAX_TOKENS;

/// Checks every law; names the first that is broken.
///
/// # Errors
/// The number of the law and the harm its breach does.
pub fn check(state: &Conversation) -> Result<(), &'static str> {
    let outbox = &state.outbox;
    let laws: &[(bool, &'static str)] = &[
        (
            outbox.flights.iter().filter(|flight| !flight.aside).count() <= 1,
            "C-1 at most one call holds the lane: two would race and arrive out of order",
        ),
        (
            outbox
                .queue
                .windows(2)
                .all(|pair| pair[0].last_effect() < pair[1].effects[0]),
            "C-2 the queue is in order of decision: a customer would read answers out of order",
        ),
        (
            {
                let parcels = outbox
                    .flights
                    .iter()
                    .map(|f| &f.parcel)
                    .chain(&outbox.queue);
                let mut ids: Vec<u32> = parcels.flat_map(|p| p.effects.iter().copied()).collect();
                ids.sort_unstable();
                ids.windows(2).all(|pair| pair[0] != pair[1])
            },
            "C-3 an effect is owed once: twice would be answered twice",
        ),
        (
            outbox
                .flights
                .iter()
                .map(|f| &f.parcel)
                .chain(&outbox.queue)
                .all(|p| (1..=MAX_BUBBLES_PER_CALL).contains(&p.bubbles)),
            "C-4 a call carries 1 to 5 bubbles: LINE refuses the whole call otherwise",
        ),
        (
            outbox.effects() <= MAX_EFFECTS
                && outbox
                    .queue
                    .iter()
                    .chain(outbox.flights.iter().map(|f| &f.parcel))
                    .map(|p| p.messages.len())
                    .sum::<usize>()
                    <= MAX_OUTBOX_BYTES + MAX_EFFECTS,
            "C-5 what is owed is bounded: the value would outgrow the store",
        ),
        (
            state.phase != Phase::Unreachable || outbox.queue.is_empty(),
            "C-6 nothing new is owed to who cannot be reached: LINE counts sends to invalid users",
        ),
        (
            state.seen.marks.len() <= SEEN_MAX
                && state.unsent.len() <= UNSENT_MAX
                && state.tokens.tokens.len() <= MAX_TOKENS,
            "C-7 memories are bounded: the value would outgrow the store",
        ),
        (
            state.context.words().map(|w| w.text.len()).sum::<usize>() <= MAX_CONTEXT_BYTES,
            "C-8 the context is bounded: the value would outgrow the store",
        ),
        (
            state.context.words().all(|w| {
                !state
                    .unsent
                    .iter()
                    .any(|(m, _)| w.message == *m && m.0 != 0)
            }),
            "C-9 an unsent message is nowhere in the context: the customer took it back",
        ),
        (
            {
                let unsent = |origin| is_taken_back(&state.unsent, &state.burst, origin);
                let resting = outbox
                    .flights
                    .iter()
                    .filter(|f| !f.under_way() && !f.doubtful);
                let mut parcels = resting.map(|f| &f.parcel).chain(&outbox.queue);
                !parcels.any(|parcel| parcel.answers(unsent))
            },
            "C-10 nothing that can still be kept answers an unsent message: it would quote it",
        ),
        (
            outbox
                .flights
                .iter()
                .map(|f| &f.parcel)
                .chain(&outbox.queue)
                .all(|p| p.parts.is_empty() || p.remerged().as_ref() == Some(p)),
            "C-11 a merged call can be taken apart: an unsend could not find its answer",
        ),
        (
            state.phase.is_with_people() == state.handoff.is_some(),
            "C-12 who waits for a person says why: nobody would find him",
        ),
        (
            !state.phase.is_with_people() || (state.run.is_none() && state.question.is_none()),
            "C-13 with people the automation has nothing under way: it would talk into their talk",
        ),
        (
            state.question.iter().all(|question| {
                !question.bubbles.is_empty()
                    && question.bubbles.len() <= MAX_QUESTION_BUBBLES
                    && question
                        .bubbles
                        .iter()
                        .all(|bubble| !state.unsent.iter().any(|(m, _)| bubble.message == *m))
            }),
            "C-14 a question is bounded and holds no unsent words: the assistant would read them",
        ),
        (
            state.memory.len() <= MAX_SLOTS
                && state.run.iter().all(|run| run.slots.len() <= MAX_SLOTS),
            "C-15 slots are bounded: the value would outgrow the store",
        ),
    ];
    laws.iter()
        .find(|(kept, _)| !kept)
        .map_or(Ok(()), |(_, law)| Err(law))
}
