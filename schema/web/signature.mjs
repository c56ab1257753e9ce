// signature.mjs: a pad to sign on, with a finger, a pen or a mouse; also to draw on, and to draw on
// a photo. Whoever cannot use it takes a photo of a seal or of a fingerprint instead.
import { html, useEffect, useLayoutEffect, useRef, useState } from 'kit/html.mjs';
import { Button, Dialog, Notice } from 'kit/components.mjs';
import { tr } from 'kit/words.mjs';
import { UNITS, draw, withStrokes } from './strokes.mjs';
import { blobOf } from './scale.mjs';

const PIXELS = 1200; // width of the picture that is kept
const RATIO = { signature: 0.4, draw: 0.7 };
const APART = 1.5; // points closer than this say nothing new

// onDone gets the picture. photo: a bitmap to draw on.
export function Pad({ title, kind, photo, onDone, onClose }) {
  const canvas = useRef();
  const strokes = useRef([]);
  const pen = useRef(null); // the pointer that is down
  const began = useRef(0);
  const [count, setCount] = useState(0);
  const [trouble, setTrouble] = useState('');
  const [busy, setBusy] = useState(false);
  const ratio = photo ? photo.height / photo.width : RATIO[kind] ?? RATIO.draw;
  const height = Math.round(UNITS * ratio);
  const paint = () => draw(canvas.current, strokes.current, { background: photo });

  useLayoutEffect(() => {
    canvas.current.width = photo ? photo.width : PIXELS;
    canvas.current.height = Math.round(canvas.current.width * ratio);
    paint();
  }, []);
  useEffect(() => () => photo?.close(), []);
  function point(event) {
    const box = canvas.current.getBoundingClientRect();
    const factor = UNITS / box.width;
    const inside = (value, most) => Math.round(Math.max(0, Math.min(most, value)) * 10) / 10;

    if (strokes.current.length === 0) began.current = event.timeStamp;
    return [inside((event.clientX - box.left) * factor, UNITS),
      inside((event.clientY - box.top) * factor, height),
      Math.max(0, Math.round(event.timeStamp - began.current))];
  }
  function down(event) {
    if (pen.current !== null || busy || (event.pointerType === 'mouse' && event.button !== 0))
      return;
    event.preventDefault();
    pen.current = event.pointerId;
    canvas.current.setPointerCapture(event.pointerId);
    strokes.current.push(point(event));
    setTrouble('');
    paint();
  }
  function move(event) {
    if (event.pointerId !== pen.current) return;
    const stroke = strokes.current.at(-1);

    for (const one of event.getCoalescedEvents?.() ?? [event]) {
      const [x, y, ms] = point(one);
      const [lastX, lastY] = stroke.slice(-3);
      if (Math.hypot(x - lastX, y - lastY) >= APART) stroke.push(x, y, ms);
    }
    paint();
  }
  function up(event) {
    if (event.pointerId !== pen.current) return;
    pen.current = null;
    setCount(strokes.current.length);
  }
  function back(all) {
    strokes.current = all ? [] : strokes.current.slice(0, -1);
    setCount(strokes.current.length);
    paint();
  }
  async function done() {
    if (count === 0) {
      setTrouble(tr('Nothing is written yet.'));
      return;
    }
    setBusy(true);
    try {
      const picture = await blobOf(canvas.current, photo ? 'image/jpeg' : 'image/png');
      await onDone(await withStrokes(picture, height, strokes.current));
    } catch (failure) {
      setTrouble(failure.message);
      setBusy(false);
    }
  }
  return html`<${Dialog} title=${title} onClose=${onClose} wide>
    <canvas class="pad ${photo ? 'photo' : ''}" ref=${canvas} role="img" aria-label=${tr('Write here')}
      onPointerDown=${down} onPointerMove=${move} onPointerUp=${up} onPointerCancel=${up}></canvas>
    <div role="alert">${trouble && html`<${Notice} kind="error">${trouble}</${Notice}>`}</div>
    <div class="row spread"><div class="row">
      <${Button} icon="back" disabled=${count === 0} onClick=${() => back(false)}>${
        tr('Undo the last stroke')}</${Button}>
      <${Button} icon="trash" disabled=${count === 0} onClick=${() => back(true)}>${
        tr('Clear')}</${Button}></div>
      <div class="row"><${Button} onClick=${onClose}>${tr('Cancel')}</${Button}>
      <${Button} kind="primary" icon="check" busy=${busy} onClick=${done}>${
        kind === 'signature' ? tr('Keep the signature') : tr('Keep the drawing')}</${Button}></div>
      </div></${Dialog}>`;
}
