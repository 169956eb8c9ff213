// A page with a list (tasks, schedule, outbox, mail) keeps itself up to date: a WebSocket says that something has
// changed, then the list is fetched.
//
// It finds [data-da-follows="/tasks"], whose inside is the fragment /tasks?fragment=1 and which is told of changes by
// /tasks/updates; #da-told for what came of a button; forms[data-da-live] whose buttons are in the list; [data-da-now]
// with the server's time; [data-da-since] for clocks that tick, [data-da-time] for times of day. Every element that may
// have the focus has an id; what follows the last hyphen of a button's id is that of its entry, whose heading is name-ID.

const POLL_EACH = 5000;
const LOOK_ANYWAY = 30000;   // estimates grow old even while nothing happens
const LONGEST_PAUSE = 30000;
const SHARE = 5;             // a list that takes long to make is not asked for all the time
const place = document.querySelector('[data-da-follows]');
const told = document.getElementById('da-told');
let socket = null;
let pause = 1000;
let fetching = false;
let again = false;
let restUntil = 0;
let timer = 0;
let pressing = false;
let ahead = 0;   // seconds by which our clock is before the server's

function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const [minutes, rest] = [Math.floor(whole / 60), whole % 60];
  if (!minutes) {
    return whole < 1 ? 'less than 1 s' : `${rest} s`;
  }
  return minutes < 60 ? `${minutes} min ${rest} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

function setText(element, text) {
  if (element.textContent !== text) {
    element.textContent = text;
  }
}

function tick() {
  for (const element of place.querySelectorAll('[data-da-since]')) {
    setText(element, clock(Date.now() / 1000 - ahead - Number(element.dataset.daSince)));
  }
}

/** The person's own time of day, and clocks that go on from the server's. */
function finish(list) {
  ahead = Date.now() / 1000 - Number(list.querySelector('[data-da-now]').dataset.daNow);
  for (const time of list.querySelectorAll('time[data-da-time]')) {
    setText(time, new Date(Number(time.dataset.daTime) * 1000).toLocaleString());
  }
  for (const element of list.querySelectorAll('[data-da-since]')) {
    setText(element, clock(Date.now() / 1000 - ahead - Number(element.dataset.daSince)));
  }
}

function follow(old, fresh) {
  for (const { name } of [...old.attributes]) {
    if (!fresh.hasAttribute(name) && !(name === 'open' && old.localName === 'details')) {
      old.removeAttribute(name);
    }
  }
  for (const { name, value } of fresh.attributes) {
    if (old.getAttribute(name) !== value) {
      old.setAttribute(name, value);
    }
  }
}

/** Make `old` like `fresh` with as few changes as possible, so that focus, selection and open details stay. */
function morph(old, fresh) {
  const byId = new Map([...old.children].filter((child) => child.id).map((child) => [child.id, child]));
  let next = old.firstChild;
  for (const child of [...fresh.childNodes]) {
    const same = child.id ? byId.get(child.id)
      : next && !next.id && next.nodeType === child.nodeType && next.nodeName === child.nodeName ? next : null;
    if (!same) {
      old.insertBefore(child, next);
      continue;
    }
    if (same === next) {
      next = next.nextSibling;
    } else {
      old.insertBefore(same, next);
    }
    if (child.nodeType === Node.ELEMENT_NODE) {
      follow(same, child);
      morph(same, child);
    } else if (same.nodeValue !== child.nodeValue) {
      same.nodeValue = child.nodeValue;
    }
  }
  while (next) {
    const gone = next;
    next = next.nextSibling;
    gone.remove();
  }
}

/** The focus was on a button that is not there any more: to the name of its entry, or to the first heading. */
function keepFocus(id) {
  if (!id || document.activeElement !== document.body) {
    return;
  }
  const entry = id.slice(id.lastIndexOf('-') + 1);
  const target = document.getElementById(id) ?? document.getElementById(`name-${entry}`) ?? place.querySelector('h2');
  target?.focus({ preventScroll: true });
}

function show(html) {
  const focused = place.contains(document.activeElement) ? document.activeElement.id : '';
  const fresh = document.createElement('div');
  fresh.innerHTML = html;
  finish(fresh);
  morph(place, fresh);
  keepFocus(focused);
}

async function look() {
  if (fetching || document.hidden) {
    again = true;
    return;
  }
  clearTimeout(timer);
  const wait = restUntil - performance.now();
  if (wait > 0) {
    timer = setTimeout(look, wait);
    return;
  }
  fetching = true;
  again = false;
  const began = performance.now();
  try {
    const url = new URL(window.location.href);
    url.searchParams.set('fragment', '1');
    const reply = await fetch(url, { credentials: 'same-origin' });
    if (reply.ok) {
      show(await reply.text());
    }
  } catch {
    // the server is away; the next look comes by itself
  } finally {
    fetching = false;
    restUntil = performance.now() + SHARE * (performance.now() - began);
  }
  clearTimeout(timer);
  if (again) {
    timer = setTimeout(look, Math.max(0, restUntil - performance.now()));
  } else {
    timer = setTimeout(look, socket?.readyState === WebSocket.OPEN ? LOOK_ANYWAY : POLL_EACH);
  }
}

function connect() {
  const url = new URL(`${place.dataset.daFollows}/updates`, window.location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  const mine = new WebSocket(url);
  socket = mine;
  mine.addEventListener('open', () => { pause = 1000; });
  mine.addEventListener('message', look);
  mine.addEventListener('close', () => {
    setTimeout(connect, pause * (0.75 + Math.random() / 2));
    pause = Math.min(pause * 2, LONGEST_PAUSE);
    look();
  });
}

async function press(event) {
  const { submitter } = event;
  if (event.defaultPrevented || !submitter) {
    return;
  }
  event.preventDefault();
  if (pressing) {
    return;
  }
  pressing = true;
  const data = new FormData(event.target);
  data.set(submitter.name, submitter.value);
  try {
    const reply = await fetch(event.target.action, {
      method: 'POST', body: new URLSearchParams(data), credentials: 'same-origin',
      headers: { 'X-Requested-With': 'XMLHttpRequest' },
    });
    const answer = await reply.json();
    tell(answer.message, answer.success);
  } catch {
    tell('The server cannot be reached. Please try again.', false);
  } finally {
    pressing = false;
  }
  look();
}

function tell(message, good) {
  told.hidden = false;
  told.className = `alert alert-${good ? 'success' : 'warning'}`;
  told.textContent = message;
}

finish(place);
for (const form of document.querySelectorAll('form[data-da-live]')) {
  form.addEventListener('submit', press);
}
setInterval(tick, 1000);
document.addEventListener('visibilitychange', () => {
  if (!document.hidden && again) {
    look();
  }
});
connect();
