// Starts the page: registers the elements, then asks the simulator for its state.

import './components/action-sheet.js';
import './components/campaign-panel.js';
import './components/customer-list.js';
import './components/fault-panel.js';
import './components/flex-message.js';
import './components/image-map.js';
import './components/journal-view.js';
import './components/line-sticker.js';
import './components/message-bubble.js';
import './components/message-composer.js';
import './components/phone-frame.js';
import './components/quick-replies.js';
import './components/rich-menu.js';
import './components/template-message.js';
import './components/thread-view.js';
import './components/toast-line.js';
import './components/top-bar.js';
import { openDrawer, start } from './actions.js';
import { state, subscribe } from './store.js';

const drawer = document.getElementById('drawer');
const wide = window.matchMedia('(min-width: 1100px)');

function placeDrawer() {
  const open = wide.matches || state.drawer;
  const was = drawer.classList.contains('is-open');
  drawer.classList.toggle('is-open', state.drawer);
  drawer.inert = !open;
  document.querySelector('phone-frame').inert = !wide.matches && state.drawer;
  if (wide.matches || was === state.drawer) return;
  document.getElementById(state.drawer ? 'close-drawer' : 'open-drawer')?.focus();
}

subscribe(['drawer'], placeDrawer);
wide.addEventListener('change', placeDrawer);
document.getElementById('scrim').addEventListener('click', () => openDrawer(false));
document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape' && state.drawer && !state.sheet) openDrawer(false);
});
placeDrawer();
start();
