// Pickers of files: what was chosen, with sizes and small pictures; dropping; and whether it is too much to send.

import { tell } from './messages.js';
import { form } from './page.js';

const REST_OF_FORM = 64 * 1024;   // what the other fields may weigh
const PICTURES = /^image\/(png|jpeg|gif|webp|svg\+xml|bmp|avif)$/;
let pictures = [];

/** A size as people read it, in the words of the server. */
export function sizeInWords(size) {
  if (size < 1024) {
    return `${size} byte${size === 1 ? '' : 's'}`;
  }
  const [number, unit] = size < 1024 * 1024 ? [size / 1024, 'KB'] : [size / 1024 / 1024, 'MB'];
  return `${number.toFixed(number < 10 ? 1 : 0)} ${unit}`;
}

function inputs(within) {
  return [...(within?.querySelectorAll('input[type=file]') ?? [])].filter((one) => !one.disabled);
}

/** Whether the files of a form are not too much for one request; if they are, say so. */
export function fits(within) {
  const pickers = inputs(within).filter((one) => one.files.length);
  const limit = Math.min(...pickers.map((one) => Number(one.dataset.daMaxBytes) || Infinity)) - REST_OF_FORM;
  const size = pickers.flatMap((one) => [...one.files]).reduce((sum, file) => sum + file.size, 0);
  if (size <= limit) {
    return true;
  }
  document.querySelector('.da-too-large')?.remove();
  const message = tell(`${pickers.flatMap((one) => [...one.files]).length > 1 ? 'These files are' : 'This file is'} too `
    + `large to send: ${sizeInWords(size)}, and at most ${sizeInWords(limit)} can be sent at once. `
    + 'Nothing was sent. Please choose less, or smaller files.', 'danger');
  message.setAttribute('role', 'alert');
  message.classList.add('da-too-large');
  pickers[0].focus({ preventScroll: true });
  message.scrollIntoView({ block: 'nearest' });
  return false;
}

/** Put files into an input, as if a person had chosen them. */
function put(input, files) {
  const transfer = new DataTransfer();
  files.forEach((file) => transfer.items.add(file));
  input.files = transfer.files;
  input.daChosen = files;
  input.daPutByUs = true;
  input.dispatchEvent(new Event('change', { bubbles: true }));
  input.daPutByUs = false;
}

async function canBeRead(file) {
  try {
    await file.slice(0, 1).arrayBuffer();
    return true;
  } catch {
    return false;
  }
}

/**
 * Files that were changed, moved or deleted since they were chosen, and folders, cannot be sent, and browsers call that
 * a failure of the network. Take them away and say so. Returns whether there were any.
 */
export async function takeUnreadableAway(within) {
  const gone = [];
  let first = null;
  for (const input of inputs(within)) {
    const files = [...input.files];
    const readable = await Promise.all(files.map(canBeRead));
    if (readable.includes(false)) {
      gone.push(...files.filter((_, index) => !readable[index]));
      first ??= input;
      put(input, files.filter((_, index) => readable[index]));
    }
  }
  if (!first) {
    return false;
  }
  const names = gone.map((file) => file.name).join(', ');
  const message = tell(gone.length > 1
    ? `${names} cannot be read: they were changed, moved or deleted since you chose them, or are folders. Please choose again.`
    : `${names} cannot be read: it was changed, moved or deleted since you chose it, or is a folder. Please choose again.`,
  'danger');
  message.setAttribute('role', 'alert');
  first.focus({ preventScroll: true });
  message.scrollIntoView({ block: 'nearest' });
  return true;
}

function same(one, other) {
  return one.name === other.name && one.size === other.size && one.lastModified === other.lastModified;
}

function added(input, files) {
  const before = input.multiple ? input.daChosen ?? [] : [];
  return [...before.filter((old) => !files.some((file) => same(old, file))), ...files];
}

function removeButton(input, file) {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'btn btn-link btn-sm da-file-remove';
  button.textContent = 'Remove';
  button.setAttribute('aria-label', `Remove ${file.name}`);
  button.addEventListener('click', () => {
    put(input, [...input.files].filter((one) => one !== file));
    input.focus();
  });
  return button;
}

function smallPicture(file) {
  if (!PICTURES.test(file.type)) {
    const icon = document.createElement('i');
    icon.className = 'fa-solid fa-file da-file-icon';
    icon.setAttribute('aria-hidden', 'true');
    return icon;
  }
  const picture = document.createElement('img');
  picture.className = 'da-file-picture';
  picture.alt = '';
  picture.src = URL.createObjectURL(file);
  pictures.push(picture.src);
  return picture;
}

function span(css, text) {
  const made = document.createElement('span');
  made.className = css;
  made.textContent = text;
  return made;
}

function list(input) {
  const place = input.closest('[data-da-files]')?.querySelector('.da-files-chosen');
  place?.replaceChildren(...[...input.files].map((file) => {
    const item = document.createElement('li');
    const words = span('da-file-words', '');
    words.append(span('da-file-name', file.name), ' ', span('da-file-size', sizeInWords(file.size)));
    item.append(smallPicture(file), words, removeButton(input, file));
    return item;
  }));
}

/** A file takes the place of the one that was sent before, where there is room for one only. */
function replaceKept(input) {
  if (input.multiple) {
    return;
  }
  for (const box of input.closest('.da-files')?.querySelectorAll('.da-files-kept input') ?? []) {
    box.checked = !input.files.length;
  }
}

function onChange(input) {
  if (!input.daPutByUs) {
    const files = added(input, [...input.files]);
    if (files.length > input.files.length) {
      put(input, files);   // which comes back here
      return;
    }
    input.daChosen = files;
  }
  list(input);
  replaceKept(input);
}

/** Make the pickers of a new screen ready. */
export function setUp() {
  pictures.splice(0).forEach((address) => URL.revokeObjectURL(address));
  for (const input of form()?.querySelectorAll('[data-da-files] input[type=file]') ?? []) {
    input.closest('[data-da-files]').classList.add('da-ready');
    input.daChosen = [...input.files];
    list(input);
  }
}

function dropPlace(event) {
  const place = event.target.closest?.('[data-da-files]');
  const input = place?.querySelector('input[type=file]:not(:disabled)');
  return event.dataTransfer?.types.includes('Files') && input ? { place, input } : null;
}

/** Listen once for the pickers of all screens. */
export function start() {
  document.addEventListener('change', (event) => {
    if (event.target.type === 'file' && event.target.form?.id === 'daform') {
      onChange(event.target);
    }
  }, true);   // before conditions of other fields are looked at
  document.addEventListener('dragover', (event) => {
    const found = dropPlace(event);
    if (found) {
      event.preventDefault();
      found.place.classList.add('da-dropping');
    }
  });
  document.addEventListener('dragleave', (event) => {
    const place = event.target.closest?.('[data-da-files]');
    if (place && !place.contains(event.relatedTarget)) {
      place.classList.remove('da-dropping');
    }
  });
  document.addEventListener('drop', (event) => {
    const found = dropPlace(event);
    if (found) {
      event.preventDefault();
      found.place.classList.remove('da-dropping');
      const files = [...event.dataTransfer.files];
      put(found.input, added(found.input, found.input.multiple ? files : files.slice(0, 1)));
    }
  });
}
