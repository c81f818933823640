// What a tap on a LINE action does. A uri never opens by itself: it asks first.

import { act, ask, say, toggleMenu } from './actions.js';
import { t } from './i18n.js';

/** The words LINE would show for an action that has no label of its own. */
export function labelOf(action = {}) {
  return action.label || action.displayText || action.text || action.uri || action.data || '';
}

export async function tap(action) {
  if (!action || !action.type) return;
  switch (action.type) {
    case 'message':
      await act({ type: 'text', text: action.text || labelOf(action) });
      break;
    case 'postback':
      await postback(action);
      break;
    case 'uri':
      ask({ kind: 'uri', uri: action.uri });
      break;
    case 'datetimepicker':
      ask({ kind: 'datetime', action });
      break;
    case 'camera':
    case 'cameraRoll':
      await act({ type: 'image' });
      break;
    case 'location':
      ask({ kind: 'location' });
      break;
    case 'clipboard':
      await copy(action.clipboardText || '');
      break;
    case 'richmenuswitch':
      await act({ type: 'richmenuswitch', richMenuAliasId: action.richMenuAliasId, data: action.data || '' });
      break;
    default:
      say(t('action.unknown', { type: action.type }));
  }
}

async function postback(action) {
  await act({
    type: 'postback',
    data: action.data || '',
    ...(action.displayText || action.text ? { displayText: action.displayText || action.text } : {}),
  });
  if (action.inputOption === 'openRichMenu') toggleMenu(true);
  if (action.inputOption === 'closeRichMenu') toggleMenu(false);
  if (action.inputOption === 'openKeyboard') {
    document.querySelector('message-composer')?.write(action.fillInText || '');
  }
}

export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    say(t('copied'));
  } catch {
    say(t('copy.refused'));
  }
}
