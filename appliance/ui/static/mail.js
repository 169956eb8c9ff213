// E-mail files on the Mail page: dropped anywhere on it or chosen, sent one after the other, and what became of each.

const form = document.getElementById('da-by-hand');
const input = form.querySelector('input[type=file]');
const choice = form.querySelector('select');
const results = document.getElementById('da-by-hand-results');
const box = document.getElementById('by-hand');
const limit = Number(form.dataset.daLimit);

function inWords(size) {
  return size < 1024 * 1024 ? `${Math.ceil(size / 1024)} kB` : `${Math.ceil(size / 1024 / 1024)} MB`;
}

async function send(file, code) {
  if (file.size > limit) {
    return { outcome: 'too_large', good: false,
      words: `Too large: ${inWords(file.size)}, and at most ${inWords(limit)} are taken.` };
  }
  const body = new FormData();
  body.append('_xsrf', form.querySelector('[name=_xsrf]').value);
  body.append('code', code);
  try {
    await file.slice(0, 1).arrayBuffer();   // a folder that was dropped is listed as a file, but cannot be read
    body.append('mails', file);
    const answer = await fetch(form.action, { method: 'POST', body, headers: { 'X-Requested-With': 'XMLHttpRequest' } });
    const told = await answer.json();
    return told.results?.[0] ?? { outcome: 'failed', good: false, words: told.message || 'It could not be taken.' };
  } catch {
    return { outcome: 'failed', good: false,
      words: 'It could not be sent: the file cannot be read, or the appliance does not answer.' };
  }
}

/** Show what became of a file; for one that names no address, let the person say whose it is. */
function show(item, file, told) {
  const words = item.querySelector('span');
  words.textContent = told.words;
  words.className = told.good ? '' : 'da-bad';
  item.querySelector('.da-choose')?.remove();
  if (told.outcome !== 'unknown' || choice.options.length < 2) {
    return;
  }
  const chooser = document.createElement('div');
  chooser.className = 'da-choose';
  const pick = choice.cloneNode(true);
  pick.removeAttribute('id');
  pick.removeAttribute('name');
  pick.setAttribute('aria-label', `For which interview is ${file.name}`);
  pick.options[0].textContent = 'Choose';
  pick.value = '';
  const give = document.createElement('button');
  give.type = 'button';
  give.className = 'btn btn-sm btn-primary';
  give.textContent = 'Bring';
  give.disabled = true;
  pick.addEventListener('change', () => {
    give.disabled = !pick.value;
  });
  give.addEventListener('click', async () => {
    give.disabled = true;
    show(item, file, await send(file, pick.value));
    item.querySelector('strong').focus();
  });
  chooser.append(pick, give);
  item.append(chooser);
}

async function bring(files) {
  const list = document.createElement('ul');
  list.className = 'da-results';
  results.replaceChildren(list);
  const items = [...files].map((file) => {
    const item = document.createElement('li');
    const name = document.createElement('strong');
    name.className = 'da-file';
    name.tabIndex = -1;
    name.textContent = file.name;
    const words = document.createElement('span');
    words.textContent = 'Waits …';
    item.append(name, ' ', words);
    list.append(item);
    return [file, item];
  });
  for (const [file, item] of items) {
    show(item, file, await send(file, choice.value));
  }
  results.scrollIntoView({ block: 'nearest' });
}

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  if (!input.files.length) {
    input.focus();
    results.textContent = 'Choose a file first.';
    return;
  }
  const files = [...input.files];
  form.querySelector('#send').disabled = true;
  await bring(files);
  form.reset();
  form.querySelector('#send').disabled = false;
});

function holdsFiles(event) {
  return [...(event.dataTransfer?.types ?? [])].includes('Files');
}

let over = 0;   // enter and leave come for each element on the way
document.addEventListener('dragenter', (event) => {
  if (holdsFiles(event)) {
    over += 1;
    box.classList.add('da-dropping');
  }
});
document.addEventListener('dragleave', (event) => {
  if (holdsFiles(event)) {
    over = Math.max(0, over - 1);
    box.classList.toggle('da-dropping', over > 0);
  }
});
document.addEventListener('dragover', (event) => {
  if (holdsFiles(event)) {
    event.preventDefault();
  }
});
document.addEventListener('drop', (event) => {
  if (!holdsFiles(event)) {
    return;
  }
  event.preventDefault();   // else the browser opens the file, and the page is gone
  over = 0;
  box.classList.remove('da-dropping');
  box.open = true;
  bring(event.dataTransfer.files);
});
