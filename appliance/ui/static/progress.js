// How far the background tasks are, drawn on a screen that waits (ui/progress.py draws the same with the page).

const SAY_EACH = 10000;
let latest = { version: 0, bars: [] };
let saidAt = 0;
let said = '';
let sayTimer = 0;

function made(tag, className, attributes = {}) {
  const element = document.createElement(tag);
  element.className = className;
  for (const [name, value] of Object.entries(attributes)) {
    element.setAttribute(name, value);
  }
  return element;
}

function newBar(number) {
  const task = made('div', 'da-task', { 'data-da-number': number });
  const progress = made('div', 'progress', { role: 'progressbar', 'aria-label': 'Work in the background',
    'aria-valuemin': 0, 'aria-valuemax': 100, 'aria-describedby': `da-task-${number}` });
  progress.append(made('div', 'progress-bar'));
  const words = made('p', 'da-task-words');
  words.append(made('span', '', { id: `da-task-${number}` }), made('span', 'da-task-percent', { 'aria-hidden': 'true' }));
  task.append(progress, words);
  return task;
}

function percentOf({ fraction }) {
  return fraction === null ? null : Math.round(100 * fraction);
}

function setText(element, text) {
  if (element.textContent !== text) {
    element.textContent = text;
  }
}

function update(task, bar) {
  const percent = percentOf(bar);
  const progress = task.querySelector('.progress');
  const inside = task.querySelector('.progress-bar');
  for (const name of ['progress-bar-striped', 'progress-bar-animated']) {
    inside.classList.toggle(name, percent === null);
  }
  inside.style.width = `${percent ?? 100}%`;
  if (percent === null) {
    progress.removeAttribute('aria-valuenow');
  } else {
    progress.setAttribute('aria-valuenow', percent);
  }
  setText(task.querySelector('.da-task-words > span'), bar.text);
  setText(task.querySelector('.da-task-percent'), percent === null ? '' : `${percent} %`);
}

/** Tell a screen reader now and then; each step would drown everything else. */
function say(place) {
  clearTimeout(sayTimer);
  const wait = saidAt + SAY_EACH - Date.now();
  if (wait > 0) {
    sayTimer = setTimeout(() => say(document.getElementById('da-task-progress')), wait);
    return;
  }
  const words = latest.bars.map((bar) => [bar.text, percentOf(bar) === null ? '' : `${percentOf(bar)} %`]
    .filter(Boolean).join(' ')).join(', ');
  if (place && words && words !== said) {
    said = words;
    saidAt = Date.now();
    setText(place.querySelector('[role=status]'), words);
  }
}

function redraw() {
  const place = document.getElementById('da-task-progress');
  if (!place || Number(place.dataset.daVersion) > latest.version) {
    return;
  }
  place.dataset.daVersion = latest.version;
  const list = place.querySelector('.da-tasks');
  const there = new Map([...list.children].map((task) => [task.dataset.daNumber, task]));
  latest.bars.forEach((bar, index) => {
    const number = String(bar.number);
    const task = there.get(number) ?? newBar(number);
    there.delete(number);
    update(task, bar);
    if (list.children[index] !== task) {
      list.insertBefore(task, list.children[index] ?? null);
    }
  });
  for (const task of there.values()) {
    task.remove();
  }
  say(place);
}

/** News of the session's tasks: {version, bars: [{number, fraction, text}]}. */
export function show(progress) {
  if (progress.version >= latest.version) {
    latest = progress;
    redraw();
  }
}

/** A screen was drawn, perhaps from what is older than the last news. */
export function onDrawn() {
  redraw();
}
