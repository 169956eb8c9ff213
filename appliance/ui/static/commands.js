// What the server tells an open tab: the entries of `commands`, from the socket and from check-ins.

import { fillFields, fillTargets } from './fill.js';
import { isShown, news as show } from './messages.js';
import { form, session } from './page.js';
import * as progress from './progress.js';
import { isNew } from './tab.js';

let refresh = () => {};
let busy = () => false;
let waiting = '';
let wakeUp = () => {};

/**
 * @param {(options: object) => void} fetchScreen fetches the screen again
 * @param {() => boolean} isBusy whether a screen is being fetched or submitted
 */
export function start(fetchScreen, isBusy) {
  refresh = fetchScreen;
  busy = isBusy;
}

/** Fetch the screen again; `kind` "reload" only if the screen waits for something. */
function look(kind) {
  if (busy()) {
    waiting = waiting === 'refresh' ? waiting : kind;   // the news may be older or newer than the screen to come
    wakeUp();
  } else if (kind === 'refresh' || form()?.dataset.daReloadAfter) {
    refresh({ quietly: true });
  }
}

/** The screen that was asked for is there: now do what came in the meantime. */
export function catchUp() {
  const kind = waiting;
  waiting = '';
  if (kind) {
    look(kind);
  }
}

/** Wait until a task has ended or the screen is out of date, but no longer than `seconds`. */
export async function news(seconds) {
  if (!waiting) {
    await new Promise((resolve) => {
      wakeUp = resolve;
      setTimeout(resolve, seconds * 1000);
    });
  }
  waiting = '';
}

function run(code) {
  try {
    (0, eval)(code);   // an author's 'javascript' response, as trusted as the interview's own scripts
  } catch (error) {
    console.error(error);
  }
}

function applyOne({ value, extra, id }, since) {
  switch (extra) {
    case 'flash':
      if (value !== null && value !== '' && (id || !isShown(value))) {   // a check-in may say the same every time
        show(value);
      }
      break;
    case 'javascript':
      run(value);
      break;
    case 'fields':
      fillFields(value, since);
      break;
    case 'refresh':
    case 'reload':
      look(extra);
      break;
    case 'backgroundresponse':
      fillTargets(value);
      break;
    case 'progress':
      progress.show(value);
      break;
    default:
      break;
  }
}

/**
 * Carry out commands; what this tab has had before is left out. Returns the ids of all, to report as seen.
 * @param {object[]} commands
 * @param {number|null} since when they were asked for, if they were (see fillFields)
 */
export function apply(commands, since = null) {
  const ids = [];
  for (const command of commands ?? []) {
    if (command.id) {
      ids.push(command.id);
      if (!isNew(session(), command.id)) {
        continue;
      }
    }
    applyOne(command, since);
  }
  return ids;
}
