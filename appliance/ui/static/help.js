// Help: the tab beside the question, the icons in labels, and explained terms.

import { form } from './page.js';

function showHelp(on) {
  const help = document.getElementById('dahelp');
  const question = document.getElementById('daquestion');
  if (!help || !question) {
    return;
  }
  help.hidden = !on;
  question.hidden = on;
  document.getElementById('dahelptoggle')?.setAttribute('aria-expanded', String(on));
  (on ? help : document.getElementById('daMainQuestion'))?.focus({ preventScroll: true });
  window.scrollTo(0, 0);
}

function toggleLabelHelp(link) {
  const text = document.getElementById(link.dataset.daHelp);
  if (text) {
    const open = text.classList.toggle('da-open');
    link.setAttribute('aria-expanded', String(open));
  }
}

/** Make the explained terms of a new screen open. */
export function setUp() {
  const bootstrap = window.bootstrap;
  if (!bootstrap) {
    return;
  }
  for (const term of document.querySelectorAll('#dabody [data-bs-content]')) {
    bootstrap.Popover.getOrCreateInstance(term, { trigger: 'focus', html: true });
  }
}

/** Take away popovers of the screen that goes. */
export function tearDown() {
  for (const term of document.querySelectorAll('#dabody [data-bs-content]')) {
    window.bootstrap?.Popover.getInstance(term)?.dispose();
  }
}

/** Listen once for all screens. */
export function start() {
  document.addEventListener('click', (event) => {
    if (event.target.closest('#dahelptoggle')) {
      showHelp(document.getElementById('dahelp')?.hidden ?? false);
    } else if (event.target.closest('#dabackToQuestion')) {
      showHelp(false);
    }
    const link = event.target.closest('[data-da-help]');
    if (link) {
      event.preventDefault();
      toggleLabelHelp(link);
    }
    const term = event.target.closest('a.daterm');
    if (term && form()?.contains(term)) {
      event.preventDefault();
      term.focus();
    }
  });
  document.addEventListener('keydown', (event) => {
    const link = event.target.closest?.('[data-da-help]');
    if (link && (event.key === 'Enter' || event.key === ' ')) {
      event.preventDefault();
      toggleLabelHelp(link);
    }
  });
}
