// Our own pages (home, sign-in, errors): small comforts. Every page works without them.

import { applyColorScheme } from './scheme.js';

applyColorScheme();

for (const button of document.querySelectorAll('[data-da-go-back]')) {
  if (history.length > 1) {
    button.hidden = false;
    button.addEventListener('click', () => history.back());
  }
}

for (const form of document.querySelectorAll('form[data-da-confirm]')) {
  form.addEventListener('submit', (event) => {
    if (!window.confirm(form.dataset.daConfirm)) {
      event.preventDefault();
    }
  });
}

for (const time of document.querySelectorAll('time[data-da-time]')) {
  const at = new Date(Number(time.dataset.daTime) * 1000);
  time.textContent = 'daDay' in time.dataset ? at.toLocaleDateString() : at.toLocaleString();
}

for (const button of document.querySelectorAll('[data-da-print]')) {
  button.hidden = false;
  button.addEventListener('click', () => window.print());
}

for (const button of document.querySelectorAll('[data-da-copy]')) {
  button.hidden = !navigator.clipboard;   // there is none on a page without TLS
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.daCopy).textContent.trim());
    document.getElementById('copied').textContent = 'Copied.';
  });
}

const filterBox = document.querySelector('[data-da-filter]');
if (filterBox) {
  filterBox.hidden = false;
  const input = filterBox.querySelector('input');
  const found = filterBox.querySelector('[role=status]');
  const packages = [...document.querySelectorAll('details.da-package')].map((details) => ({
    details,
    wasOpen: details.open,
    items: [...details.querySelectorAll('[data-da-listed]')].map((item) => ({
      item, text: item.textContent.toLowerCase(),
    })),
  }));
  input.addEventListener('input', () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const { details, wasOpen, items } of packages) {
      let here = 0;
      for (const { item, text } of items) {
        const hit = words.every((word) => text.includes(word));
        item.hidden = !hit;
        here += hit ? 1 : 0;
      }
      details.hidden = here === 0;
      details.open = words.length ? here > 0 : wasOpen;
      count += here;
    }
    found.textContent = words.length ? `${count} found` : '';
  });
}

// A page that waits until the appliance runs again: it asks until another process answers.
const restarting = document.querySelector('[data-da-restarting]');
if (restarting) {
  const began = Date.now();
  const ask = async () => {
    try {
      const reply = await fetch(restarting.dataset.daRestarting, {
        credentials: 'same-origin', headers: { 'X-Requested-With': 'XMLHttpRequest' },
      });
      const answer = await reply.json();
      if (answer.again) {
        window.location.replace(answer.next);
        return;
      }
    } catch {
      // it is away just now, as it should be
    }
    if (Date.now() - began > 45000) {
      restarting.querySelector('[data-da-late]').hidden = false;
    }
    setTimeout(ask, 400);
  };
  setTimeout(ask, 1000);
}

// Menus at the top: one at a time, closed by Escape and by a click elsewhere.
const menus = [...document.querySelectorAll('details.da-menu')];
for (const menu of menus) {
  menu.addEventListener('toggle', () => {
    for (const other of menu.open ? menus : []) {
      other.open = other === menu;
    }
  });
  menu.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && menu.open) {
      menu.open = false;
      menu.querySelector('summary').focus();
    }
  });
}
document.addEventListener('click', (event) => {
  for (const menu of menus) {
    menu.open = menu.open && menu.contains(event.target);
  }
});

// A link to something within a closed part opens it.
function openTarget() {
  const target = window.location.hash.length > 1 ? document.getElementById(window.location.hash.slice(1)) : null;
  const details = target?.closest('details');
  if (details && !details.open) {
    details.open = true;
    target.scrollIntoView();
  }
}
window.addEventListener('hashchange', openTarget);
openTarget();

// A link that is to be handed over: copied by a button where the browser can.
for (const button of document.querySelectorAll('[data-da-copy]')) {
  const field = document.getElementById(button.dataset.daCopy);
  button.hidden = false;
  field.addEventListener('focus', () => field.select());
  button.addEventListener('click', async () => {
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
    } catch {
      document.execCommand('copy');   // pages without TLS have no clipboard
    }
    button.textContent = 'Copied';
  });
}

// What is written into a field of a choice makes it the choice.
for (const field of document.querySelectorAll('[data-da-chooses]')) {
  field.addEventListener('input', () => {
    document.getElementById(field.dataset.daChooses).checked = true;
  });
}
