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

function useFix(take) {
  const [state, setState] = useState({ busy: false, why: '' });
  const latest = useRef(take);

  latest.current = take;
  function start() {
    if (!('geolocation' in navigator)) {
      setState({ busy: false, why: reason() });
      return;
    }
    setState({ busy: true, why: '' });
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
  </div>`;
}

// A way or an outline, point after point where one stands.
export function Trace({ context }) {
  const points = context.value.split(';').map((point) => point.trim()).filter(Boolean);
  const [state, start] = useFix((fix) => context.set([...points, fix].join('; ')));

  return html`<div class="stack-small">
    <p>${tr('{n} points', { n: points.length })}</p>
    <div class="row"><${Button} icon="place" busy=${state.busy} id=${context.id} onClick=${start}>
      ${tr('Add the point where I stand')}</${Button}>
    ${points.length > 0 && html`<${Button} icon="trash"
      onClick=${() => context.set(points.slice(0, -1).join('; '))}>${
        tr('Take the last point away')}</${Button}>`}</div>
    <div role="status">${state.why && html`<${Notice}
      kind="warning">${state.why}</${Notice}>`}</div>
  </div>`;
}
