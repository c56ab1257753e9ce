// place.mjs: where one stands, as "latitude longitude altitude accuracy". A fix is taken with its
// accuracy; where there is none, the reason is said.
import { html, useRef, useState } from 'kit/html.mjs';
import { Button, Notice } from 'kit/components.mjs';
import { tr } from 'kit/words.mjs';

function reason(error) {
  if (!('geolocation' in navigator)) return tr('This device cannot tell its position.');
  if (error?.code === 1) return tr(
    'The browser may not use the position. Allow it in its settings.');
  if (error?.code === 3) return tr('No position within 30 seconds. Go outside, wait, try again.');
  return tr('No position can be had here. Go outside, wait a little, try again.');
}

function text({ coords }) {
  const round = (number, digits) => (number ?? 0).toFixed(digits);

  return `${round(coords.latitude, 7)} ${round(coords.longitude, 7)} ` +
    `${round(coords.altitude, 1)} ${round(coords.accuracy, 1)}`;
}

// A receiver that the program behind the page can ask: {latitude, longitude, altitude, accuracy}, or
// it throws. The browser is asked where there is none.
let receiver = null;

export function setReceiver(ask) {
  receiver = ask;
}

async function ofReceiver() {
  try {
    return receiver && text({ coords: await receiver() });
  } catch {
    return null; // no receiver, or none that knows; then the browser says why
  }
}

function useFix(take) {
  const [state, setState] = useState({ busy: false, why: '' });
  const latest = useRef(take);

  latest.current = take;
  async function start() {
    setState({ busy: true, why: '' });
    const fix = await ofReceiver();

    if (fix) {
      setState({ busy: false, why: '' });
      latest.current(fix);
      return;
    }
    if (!('geolocation' in navigator)) {
      setState({ busy: false, why: reason() });
      return;
    }
    navigator.geolocation.getCurrentPosition((fix) => {
      setState({ busy: false, why: '' });
      latest.current(text(fix));
    }, (error) => setState({ busy: false, why: reason(error) }),
    { enableHighAccuracy: true, timeout: 30000, maximumAge: 0 });
  }
  return [state, start];
}

export function placeWords(value) {
  const [latitude, longitude, , accuracy] = value.split(' ');

  return accuracy && Number(accuracy) > 0
    ? tr('{latitude}, {longitude}, within {accuracy} m', { latitude, longitude, accuracy })
    : `${latitude}, ${longitude}`;
}

// By hand, where no position can be had: from a map, or read to one over the telephone.
function Typed({ context, many }) {
  const [typed, setTyped] = useState(null);
  const shown = typed ?? (many ? context.value.split(';').map((point) => point.trim())
    .filter(Boolean).join('\n') : context.value);
  const keep = () => {
    const value = (typed ?? '').replace(/[,，]/g, ' ');

    if (typed !== null) context.set(many ? value.split(/[\n;]/).map((one) => one.trim())
      .filter(Boolean).join('; ') : value.trim().replace(/\s+/g, ' '));
    setTyped(null);
  };
  const props = { class: 'input', autocomplete: 'off', spellcheck: false, value: shown,
    id: `${context.id}t`, onInput: (event) => setTyped(event.currentTarget.value), onBlur: keep };

  return html`<details class="small"><summary>${tr('Type the position')}</summary>
    <div class="field"><label for="${context.id}t">${many
      ? tr('Latitude and longitude, one point a line')
      : tr('Latitude and longitude, such as 28.713 113.632')}</label>
    ${many ? html`<textarea rows="4" ...${props}></textarea>` : html`<input type="text"
      inputmode="text" ...${props} />`}</div></details>`;
}

export function Place({ context }) {
  const [state, start] = useFix((fix) => context.set(fix));

  return html`<div class="stack-small">
    ${context.value && html`<p>${placeWords(context.value)}</p>`}
    <div class="row"><${Button} icon="place" busy=${state.busy} id=${context.id} onClick=${start}
      aria-describedby=${context.described || undefined}>${state.busy
        ? tr('Looking for the position…')
        : context.value ? tr('Take the position again') : tr('Take the position')}</${Button}></div>
    <div role="status">${state.why && html`<${Notice}
      kind="warning">${state.why}</${Notice}>`}</div>
    <${Typed} context=${context} />
  </div>`;
}

// A way or an outline, point after point where one stands. It is an answer as soon as it has enough
// of them; an outline ends where it began.
export function Trace({ context }) {
  const isShape = context.question.type === 'geoshape';
  const least = isShape ? 3 : 2;
  const given = context.value.split(';').map((point) => point.trim()).filter(Boolean);
  const [few, setFew] = useState([]);
  const closed = isShape && given.length > 1 && given[0] === given.at(-1);
  const points = given.length === 0 ? few : closed ? given.slice(0, -1) : given;
  const [state, start] = useFix((fix) => keep([...points, fix]));

  function keep(next) {
    setFew(next.length < least ? next : []);
    context.set(next.length < least ? '' : (isShape ? [...next, next[0]] : next).join('; '));
  }
  return html`<div class="stack-small">
    <p>${tr('{n} points', { n: points.length })}${points.length > 0 && points.length < least &&
      ` · ${tr('at least {n}', { n: least })}`}</p>
    <div class="row"><${Button} icon="place" busy=${state.busy} id=${context.id} onClick=${start}>
      ${tr('Add the point where I stand')}</${Button}>
    ${points.length > 0 && html`<${Button} icon="trash"
      onClick=${() => keep(points.slice(0, -1))}>${tr('Take the last point away')}</${Button}>`}
    </div>
    <div role="status">${state.why && html`<${Notice}
      kind="warning">${state.why}</${Notice}>`}</div>
    <${Typed} context=${context} many />
  </div>`;
}
