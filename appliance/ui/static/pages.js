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
  time.textContent = new Date(Number(time.dataset.daTime) * 1000).toLocaleString();
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
