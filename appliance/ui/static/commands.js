// What the server tells an open tab: the entries of `commands`, from the socket and from check-ins.

import { setChoices, setField } from './fields.js';
import { flash } from './messages.js';
import { form } from './page.js';

const seen = new Set();
let refresh = () => {};
let sending = () => false;
let waiting = '';

/**
 * @param {(options: object) => void} fetchScreen fetches the screen again
 * @param {() => boolean} isSending whether a submit is under way
 */
export function start(fetchScreen, isSending) {
  refresh = fetchScreen;
  sending = isSending;
}

/** Fetch the screen again; `kind` "reload" only if the screen waits for something. */
function look(kind) {
  if (sending()) {
    waiting = waiting === 'refresh' ? waiting : kind;   // the news may be older or newer than the screen to come
  } else if (kind === 'refresh' || form()?.dataset.daReloadAfter) {
    refresh({ quietly: true });
  }
}

/** A submit has brought its screen: now do what came in the meantime. */
export function catchUp() {
  const kind = waiting;
  waiting = '';
  if (kind) {
    look(kind);
  }
}

function setFields(values) {
  for (const [variable, value] of Object.entries(values ?? {})) {
    if (value && typeof value === 'object' && Array.isArray(value.choices)) {
      setChoices(variable, value.choices);
    } else {
      setField(variable, value);
    }
  }
}

function fill(targets) {
  for (const { target, content } of Array.isArray(targets) ? targets : [targets ?? {}]) {
    if (target) {
      window.jQuery(`.datarget${String(target).replace(/[^A-Za-z0-9_]/g, '')}`).html(content);
    }
  }
}

function run(code) {
  try {
    (0, eval)(code);   // an author's 'javascript' response, as trusted as the interview's own scripts
  } catch (error) {
    console.error(error);
  }
}

function applyOne({ value, extra }) {
  switch (extra) {
    case 'flash':
      if (value !== null && value !== '') {
        flash(value, 'info');
      }
      break;
    case 'javascript':
      run(value);
      break;
    case 'fields':
      setFields(value);
      break;
    case 'refresh':
    case 'reload':
      look(extra);
      break;
    case 'backgroundresponse':
      fill(value);
      break;
    default:
      break;
  }
}

/** Carry out commands; one that came by the socket and by a check-in counts once. Returns the ids, to report as seen. */
export function apply(commands) {
  const ids = [];
  for (const command of commands ?? []) {
    if (command.id) {
      ids.push(command.id);
      if (seen.has(command.id)) {
        continue;
      }
      seen.add(command.id);
    }
    applyOne(command);
  }
  return ids;
}
