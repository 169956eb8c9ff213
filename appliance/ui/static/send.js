// Sending the form, and doing what the answer says. A turn that got no answer is sent again under the same turn id.

import { apply, catchUp, news } from './commands.js';
import { draw, drawing } from './draw.js';
import * as browserHistory from './history.js';
import { busy, tell, tellError } from './messages.js';
import { form, interviewUrl, setToken } from './page.js';
import * as uploads from './uploads.js';
import { whenStill } from './typing.js';

const FIRST_PAUSE = 1000;
const LONGEST_PAUSE = 15000;
let underWay = false;
let refreshing = null;

/** Whether a submit is under way. */
export function isSending() {
  return underWay;
}

/** Whether a screen is on its way, by a submit or because it was fetched again. */
export function isBusy() {
  return underWay || refreshing !== null;
}

function setButtons(disabled) {
  for (const button of document.querySelectorAll('#daform button[type=submit], #dabackbutton button, .daquestionbackbutton')) {
    if (disabled) {
      button.daWasDisabled = button.disabled;
      button.disabled = true;
    } else {
      button.disabled = Boolean(button.daWasDisabled);
    }
  }
}

function request(url, data) {
  return new Promise((resolve) => {
    window.jQuery.ajax({
      url, data, type: data ? 'POST' : 'GET', processData: false, contentType: false, cache: true, dataType: 'text',
      // Not the jqXHR itself: it is a promise of its own, and would be followed.
      complete: (xhr) => resolve({ status: xhr.status, text: xhr.responseText }),
    });
  });
}

function parsed(reply) {
  try {
    const answer = JSON.parse(reply?.text);
    return typeof answer === 'object' && answer !== null ? answer : null;
  } catch {
    return null;
  }
}

/** Wait until `pause` is over, the network is back, or the person presses the button in the message. */
function patience(pause, message) {
  return new Promise((resolve) => {
    const timer = setTimeout(done, pause);
    function done() {
      clearTimeout(timer);
      window.removeEventListener('online', done);
      resolve();
    }
    window.addEventListener('online', done);
    message.querySelector('button.da-try-now')?.addEventListener('click', done, { once: true });
  });
}

function unreachable() {
  const message = tell('The server cannot be reached. What you typed is still here; it is sent again by itself. ', 'warning');
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'btn btn-sm btn-outline-secondary da-try-now';
  button.textContent = 'Try now';
  message.querySelector('span').append(button);
  message.setAttribute('role', 'alert');
  return message;
}

/**
 * Send until there is an answer; null where there can be none, because files of the form cannot be read.
 * A server that is starting again answers with 502 to 504 through a proxy.
 */
async function persist(sent, data) {
  let message = null;
  let pause = FIRST_PAUSE;
  for (;;) {
    const reply = await request(sent.action, data);
    if (reply.status !== 0 && ![502, 503, 504].includes(reply.status)) {
      message?.remove();
      return reply;
    }
    if (reply.status === 0 && await uploads.takeUnreadableAway(sent)) {
      message?.remove();
      return null;
    }
    if (!message?.isConnected) {
      message = unreachable();
    }
    await patience(pause, message);
    pause = Math.min(pause * 2, LONGEST_PAUSE);
  }
}

/** Post a form, once at a time. Returns whether the answer brought a new screen. */
async function post(sent, submitter) {
  if (underWay) {
    return false;
  }
  if (!uploads.fits(sent)) {
    return false;
  }
  underWay = true;
  const data = new FormData(sent);
  if (submitter?.name) {
    data.set(submitter.name, submitter.value);
  }
  data.set('ajax', '1');
  setButtons(true);
  busy(true);
  try {
    let reply = await persist(sent, data);
    let answer = parsed(reply);
    if (reply?.status === 403 && answer?.error === 'xsrf' && answer.csrf_token) {
      setToken(answer.csrf_token);
      data.set('_xsrf', answer.csrf_token);
      data.set('csrf_token', answer.csrf_token);
      reply = await persist(sent, data);
      answer = parsed(reply);
    }
    if (reply === null) {
      return false;
    }
    return await obey(answer ?? { action: 'error', title: 'Something went wrong', message:
      `The server's answer cannot be read (${reply.status}). What you typed is still here; please try again.` },
    { sent, submitter });
  } finally {
    underWay = false;
    busy(false);
    setButtons(false);
    catchUp();
  }
}

/** Do what an answer says. Returns whether it brought a new screen. */
export async function obey(answer, { quietly = false, sent = null, submitter = null } = {}) {
  setToken(answer.csrf_token);
  switch (answer.action) {
    case 'body':
      await draw(answer, { quietly });
      return true;
    case 'redirect':
      window.location.assign(answer.url);
      return false;
    case 'refresh':
      await refresh();
      return true;
    case 'wait':
      await pleaseWait(answer.sleep);
      return true;
    case 'resubmit':
      resubmit(sent, submitter);
      return false;
    case 'backgroundresponse':
      apply([{ value: answer.value, extra: answer.extra || 'backgroundresponse' }]);
      return false;
    case 'error':
      if (quietly) {
        document.querySelector('.da-error-answer')?.remove();   // a page that waits tells it once, not each time
      }
      tellError(answer);
      return false;
    default:
      return false;
  }
}

/** The interview asks to look again later; a task that ends makes it sooner. */
async function pleaseWait(seconds) {
  busy(true);
  if (!document.querySelector('.da-please-wait')) {
    tell('Please wait . . .', 'info').classList.add('da-please-wait');
  }
  await news(Math.max(seconds, 0.1));
  await (refreshing === null ? refresh() : fetchScreen({ quietly: false }));
  document.querySelector('.da-please-wait')?.remove();   // the answer may have been no screen
  busy(false);
}

/** Post without script, for an answer that is a file or a page of its own. */
function resubmit(sent, submitter) {
  if (!sent) {
    return;
  }
  const input = document.createElement('input');
  input.type = 'hidden';
  input.name = submitter?.name ?? '';
  input.value = submitter?.value ?? '';
  sent.append(input);
  HTMLFormElement.prototype.submit.call(sent);
  input.remove();
  // If it was a download, this page stays, and its next submit must be a turn of its own.
  sent.elements._turn.value = crypto.randomUUID?.() ?? String(Math.random()).slice(2);
  setTimeout(() => refresh({ quietly: true }), 1000);
}

async function fetchScreen({ quietly }) {
  const before = drawing();
  const answer = parsed(await request(interviewUrl({ ajax: '1' }), null));
  if (quietly) {
    await whenStill();
  }
  if (answer && !(quietly && (underWay || drawing() !== before))) {
    await obey(answer, { quietly });
  }
}

/**
 * Fetch the screen again.
 * @param {boolean} quietly nobody asked: leave an unchanged screen alone and keep what was typed
 */
export function refresh({ quietly = false } = {}) {
  if (refreshing) {
    return refreshing;
  }
  refreshing = fetchScreen({ quietly }).finally(() => {
    refreshing = null;
    catchUp();
  });
  return refreshing;
}

/** Run an address that may bring a new screen (an action). */
export async function follow(url) {
  busy(true);
  try {
    const answer = parsed(await request(url, null));
    if (answer) {
      await obey(answer);
    }
  } finally {
    busy(false);
  }
}

/** Press Back. Returns false if there is no step to go back to. */
export async function back() {
  const backForm = document.getElementById('dabackbutton');
  if (!backForm || !form()?.dataset.daCanGoBack) {
    return false;
  }
  await post(backForm, null);
  return true;
}

/** Listen once for the forms of all screens. */
export function start() {
  // Through jQuery, so that an author's $('#daform').submit() comes here too.
  window.jQuery(document).on('submit', '#daform, #dabackbutton', async function onSubmit(event) {
    if (event.isDefaultPrevented()) {
      return;
    }
    event.preventDefault();
    const submitter = event.originalEvent?.submitter ?? null;
    if (this.classList.contains('daformcontinueother') && !submitter?.closest('.da-button-set')) {
      return;   // a final screen: a button in the author's own HTML is for the author's script
    }
    const isBack = this.id === 'dabackbutton';
    const before = form()?.dataset.daRevision;
    const drawn = await post(this, submitter);
    if (drawn && !isBack && !form()?.dataset.daErrors && form()?.dataset.daRevision !== before) {
      browserHistory.forward();
    }
  });
}
