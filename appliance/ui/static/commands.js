// What the server tells an open tab: the entries of `commands`, from the socket and from check-ins.

import { setChoices, setField } from './fields.js';
import { flash } from './messages.js';
import { form } from './page.js';

const seen = new Set();
let refresh = () => {};

/** @param {(options: object) => void} fetchScreen fetches the screen again */
export function start(fetchScreen) {
  refresh = fetchScreen;
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
      refresh({ quietly: true });
      break;
    case 'reload':
      if (form()?.dataset.daReloadAfter) {
        refresh({ quietly: true });
      }
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
