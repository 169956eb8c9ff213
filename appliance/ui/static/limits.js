// A day or time outside of its limits is told as soon as the field is left; the server says the same when it is sent.

const WORDS = { rangeUnderflow: 'daTooEarly', rangeOverflow: 'daTooLate' };

function wordsFor(control) {
  const beyond = Object.keys(WORDS).find((one) => control.validity[one]);
  return (beyond && control.dataset[WORDS[beyond]]) || '';
}

function shown(control) {
  return document.getElementById(`${control.id}-error`);
}

function describe(control, id, add) {
  const ids = (control.getAttribute('aria-describedby') ?? '').split(/\s+/).filter((one) => one && one !== id);
  control.setAttribute('aria-describedby', (add ? [id, ...ids] : ids).join(' '));
  control.toggleAttribute('aria-invalid', add);
  if (add) {
    control.setAttribute('aria-invalid', 'true');
  }
  control.classList.toggle('is-invalid', add);
}

function tell(control, words) {
  const place = document.createElement('div');
  place.className = 'da-error';
  place.id = `${control.id}-error`;
  place.setAttribute('role', 'alert');
  place.dataset.daLimit = '1';
  place.textContent = words;
  describe(control, place.id, true);
  control.after(place);
}

function check(control, leaving) {
  if (control.form?.id !== 'daform' || !(control.dataset?.daTooEarly || control.dataset?.daTooLate)) {
    return;
  }
  const before = shown(control);
  const words = wordsFor(control);
  if (before?.dataset.daLimit && before.textContent !== words) {
    before.remove();
    describe(control, before.id, false);
  }
  if (leaving && words && !shown(control)) {   // while one types a year, it is far away at first
    tell(control, words);
  }
}

export function start() {
  document.addEventListener('focusout', (event) => check(event.target, true));
  document.addEventListener('input', (event) => check(event.target, false));
  document.addEventListener('change', (event) => check(event.target, event.target !== document.activeElement));
}
