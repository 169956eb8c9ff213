// A text input with a list of suggestions: opens, filters and chooses, by mouse and by keys.

const OPEN = 'show';

function parts(container) {
  return {
    input: container.querySelector('input[role=combobox]'),
    list: container.querySelector('[role=listbox]'),
    items: [...container.querySelectorAll('[role=option]')],
  };
}

function setOpen(container, open) {
  const { input, list, items } = parts(container);
  list.classList.toggle(OPEN, open);
  input.setAttribute('aria-expanded', String(open));
  if (!open) {
    input.removeAttribute('aria-activedescendant');
    items.forEach((item) => item.classList.remove('active'));
  }
}

function isOpen(container) {
  return parts(container).list.classList.contains(OPEN);
}

/** Show only the items that hold `text`; an empty text shows all. Says whether any is left. */
function filter(container, text) {
  const wanted = text.trim().toLowerCase();
  let any = false;
  for (const item of parts(container).items) {
    const hit = item.textContent.toLowerCase().includes(wanted);
    (item.closest('li') ?? item).hidden = !hit;
    any ||= hit;
  }
  return any;
}

function choose(container, item) {
  const { input } = parts(container);
  input.value = item.textContent.trim();
  setOpen(container, false);
  input.dispatchEvent(new Event('input', { bubbles: true }));
  input.dispatchEvent(new Event('change', { bubbles: true }));
  setOpen(container, false);
  input.focus();
}

function move(container, by) {
  const { input, items } = parts(container);
  const shown = items.filter((item) => !(item.closest('li') ?? item).hidden);
  if (!shown.length) {
    return;
  }
  const now = shown.findIndex((item) => item.classList.contains('active'));
  const next = shown[(now + by + shown.length + (now < 0 && by < 0 ? 1 : 0)) % shown.length];
  items.forEach((item) => {
    item.classList.toggle('active', item === next);
    item.setAttribute('aria-selected', String(item === next));
  });
  input.setAttribute('aria-activedescendant', next.id);
  next.scrollIntoView({ block: 'nearest' });
}

function onKey(event, container) {
  const open = isOpen(container);
  if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
    event.preventDefault();
    if (!open) {
      filter(container, '');
      setOpen(container, true);
    }
    move(container, event.key === 'ArrowDown' ? 1 : -1);
  } else if (event.key === 'Escape' && open) {
    event.preventDefault();
    setOpen(container, false);
  } else if (event.key === 'Enter' && open) {
    const active = container.querySelector('[role=option].active');
    if (active) {
      event.preventDefault();
      choose(container, active);
    }
  }
}

/** Listen once for all comboboxes of all screens. */
export function start() {
  document.addEventListener('click', (event) => {
    const container = event.target.closest('.combobox-container');
    for (const other of document.querySelectorAll('.combobox-container')) {
      if (other !== container && isOpen(other)) {
        setOpen(other, false);
      }
    }
    if (!container) {
      return;
    }
    const item = event.target.closest('[role=option]');
    if (item) {
      choose(container, item);
    } else if (event.target.closest('.dacomboboxtoggle')) {
      filter(container, '');
      setOpen(container, !isOpen(container));
      parts(container).input.focus();
    }
  });
  document.addEventListener('input', (event) => {
    const container = event.target.closest?.('.combobox-container');
    if (container && event.isTrusted) {
      setOpen(container, filter(container, event.target.value) && event.target.value !== '');
    }
  });
  document.addEventListener('keydown', (event) => {
    const container = event.target.closest?.('.combobox-container');
    if (container) {
      onKey(event, container);
    }
  });
  document.addEventListener('focusout', (event) => {
    const container = event.target.closest?.('.combobox-container');
    if (container && event.relatedTarget && !container.contains(event.relatedTarget)) {
      setOpen(container, false);
    }
  });
}
