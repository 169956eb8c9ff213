// Messages above the question.

const FADING = 2500;
const UNREAD = 5000;
const PRIORITIES = new Set(['primary', 'secondary', 'success', 'danger', 'warning', 'info', 'light', 'dark']);

function box() {
  let place = document.getElementById('daflash');
  if (!place) {
    place = document.createElement('div');
    place.id = 'daflash';
    place.setAttribute('role', 'status');
    document.body.prepend(place);
  }
  return place;
}

/**
 * Show a message. `message` is HTML, as in docassemble's flash(), which authors use with HTML.
 * @param {string|null} message null or undefined: none, only clear
 * @param {string} [priority] a Bootstrap colour: info (default), success, danger, …
 * @param {boolean} [clear] take away earlier messages first
 */
export function flash(message, priority = 'info', clear = false) {
  const place = box();
  if (clear) {
    place.replaceChildren();
  }
  if (message === null || message === undefined) {
    return null;
  }
  const colour = { error: 'danger', message: 'info' }[priority] ?? priority;
  const alert = document.createElement('div');
  alert.className = `alert alert-${PRIORITIES.has(colour) ? colour : 'info'} alert-dismissible da-alert`;
  alert.innerHTML = String(message);
  const close = document.createElement('button');
  close.type = 'button';
  close.className = 'btn-close';
  close.setAttribute('aria-label', 'Close');
  close.addEventListener('click', () => alert.remove());
  alert.append(close);
  place.append(alert);
  return alert;
}

/** Show a message of a task. Nobody asked for it, so it may come when the screen is just about to change. */
export function news(message) {
  const alert = flash(message, 'info');
  alert.daShownAt = performance.now();
  alert.daMessage = message;
}

/** Whether this message of a task or a check-in is on the screen. */
export function isShown(message) {
  return [...document.querySelectorAll('#daflash .da-alert')].some((one) => one.daMessage === message);
}

/**
 * Take out the messages of tasks that the next screen is to go on showing: all where the screen changes by itself, else
 * those that nobody can have read yet.
 */
export function takeAlong(quietly) {
  const alerts = [...document.querySelectorAll('#daflash .da-alert')].filter(({ daShownAt }) =>
    daShownAt !== undefined && (quietly || performance.now() - daShownAt < UNREAD));
  alerts.forEach((alert) => alert.remove());
  return alerts;
}

/** Put them onto the next screen. */
export function putDown(alerts) {
  box().append(...alerts);
}

/** Show plain text as a message. */
export function tell(text, priority) {
  const holder = document.createElement('span');
  holder.textContent = text;
  return flash(holder.outerHTML, priority);
}

/** Show an error of the server: {title, message, details, trace}; the last two only reach authors. */
export function tellError(answer) {
  const alert = tell('', 'danger');
  alert.setAttribute('role', 'alert');
  alert.classList.add('da-error-answer');
  const body = alert.querySelector('span');
  const heading = document.createElement('strong');
  heading.textContent = answer.title ? `${answer.title}. ` : '';
  body.append(heading, answer.message || '');
  if (answer.details?.length) {
    const list = document.createElement('pre');
    list.className = 'mt-2 mb-0';
    list.textContent = answer.details.map(([name, text]) => `${name}: ${text}`).join('\n')
      + (answer.trace ? `\n\n${answer.trace}` : '');
    body.append(list);
  }
  alert.scrollIntoView({ block: 'nearest' });
  return alert;
}

/**
 * Leave a text under the bar on top for a moment. A screen that goes by itself may go before it was read; what it
 * said stays while the next one is already there.
 */
export function fadeAway(text) {
  const holder = document.createElement('div');
  holder.className = 'da-fading';
  holder.setAttribute('aria-hidden', 'true');
  holder.textContent = `\u2713 ${text}`;
  document.body.append(holder);
  if (!window.matchMedia('(prefers-reduced-motion: reduce)').matches) {
    holder.animate([{ opacity: 1 }, { opacity: 1, offset: 0.6 }, { opacity: 0 }], FADING);
  }
  setTimeout(() => holder.remove(), FADING);
}

let spinnerTimer = 0;

/** Show or hide the sign that something is under way; quick answers never show it. */
export function busy(on) {
  clearTimeout(spinnerTimer);
  const show = (visible) => document.getElementById('daSpinner')?.classList.toggle('d-none', !visible);
  if (on) {
    spinnerTimer = setTimeout(() => show(true), 400);
  } else {
    show(false);
  }
}
