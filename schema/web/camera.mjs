// camera.mjs: taking a photo on the page: what the camera sees, a shutter, the picture to look at
// before it is kept. Where there is no camera, or it may not be used, a file is chosen instead.
import { html, useEffect, useRef, useState } from 'kit/html.mjs';
import { Button, Dialog, Notice } from 'kit/components.mjs';
import { tr } from 'kit/words.mjs';
import { asJpeg } from './scale.mjs';

export const hasCamera = () => Boolean(navigator.mediaDevices?.getUserMedia);

function why(failure) {
  switch (failure.name) {
    case 'NotAllowedError': return tr(
      'The camera may not be used here. Allow it in the browser, or choose a file.');
    case 'NotFoundError':
    case 'OverconstrainedError': return tr('There is no camera. Choose a file instead.');
    case 'NotReadableError': return tr(
      'Another program uses the camera. Close it, or choose a file.');
    default: return failure.message;
  }
}

// The next one of several cameras; undefined: there is only one.
async function nextCamera(now) {
  const cameras = (await navigator.mediaDevices.enumerateDevices())
    .filter((one) => one.kind === 'videoinput' && one.deviceId);
  const at = cameras.findIndex((one) => one.deviceId === now);

  return cameras.length > 1 ? cameras[(at + 1) % cameras.length].deviceId : undefined;
}

export function Camera({ title, front, longSide, onDone, onClose }) {
  const video = useRef();
  const stream = useRef(null);
  const [camera, setCamera] = useState('');
  const [other, setOther] = useState(undefined);
  const [ready, setReady] = useState(false);
  const [taken, setTaken] = useState(null); // {blob, address}
  const [trouble, setTrouble] = useState('');
  const [busy, setBusy] = useState(false);

  function stop() {
    stream.current?.getTracks().forEach((track) => track.stop());
    stream.current = null;
  }
  useEffect(() => {
    let isGone = false;

    async function start() {
      setReady(false);
      setTrouble('');
      try {
        const found = await navigator.mediaDevices.getUserMedia({ audio: false, video: {
          width: { ideal: 2560 }, height: { ideal: 1920 },
          ...(camera ? { deviceId: { exact: camera } }
            : { facingMode: { ideal: front ? 'user' : 'environment' } }) } });
        if (isGone) {
          found.getTracks().forEach((track) => track.stop());
          return;
        }
        stream.current = found;
        video.current.srcObject = found;
        const next = await nextCamera(found.getVideoTracks()[0].getSettings().deviceId);
        if (!isGone) setOther(next);
      } catch (failure) {
        if (!isGone) setTrouble(why(failure));
      }
    }
    start();
    return () => { isGone = true; stop(); };
  }, [camera]);
  useEffect(() => () => { if (taken) URL.revokeObjectURL(taken.address); }, [taken]);
  async function shoot() {
    const { videoWidth, videoHeight } = video.current;

    try {
      const blob = await asJpeg(video.current, videoWidth, videoHeight, longSide);
      setTaken({ blob, address: URL.createObjectURL(blob) });
    } catch (failure) {
      setTrouble(failure.message);
    }
  }
  async function keep() {
    setBusy(true);
    try {
      await onDone(taken.blob);
    } catch (failure) {
      setTrouble(failure.message);
      setBusy(false);
    }
  }
  return html`<${Dialog} title=${title} onClose=${onClose} wide>
    <video class="camera ${taken ? 'gone' : ''}" ref=${video} autoplay muted playsinline
      aria-label=${tr('What the camera sees')} onLoadedData=${() => setReady(true)}></video>
    ${taken && html`<img class="camera" src=${taken.address} alt=${tr('The photo just taken')} />`}
    <div role="alert">${trouble && html`<${Notice} kind="error">${trouble}</${Notice}>`}</div>
    <div class="row spread"><${Button} onClick=${onClose}>${tr('Cancel')}</${Button}>
      <div class="row">${taken ? html`
        <${Button} icon="camera" onClick=${() => setTaken(null)}>${tr('Take it again')}</${Button}>
        <${Button} kind="primary" icon="check" busy=${busy} onClick=${keep}>${
          tr('Keep this photo')}</${Button}>` : html`
        ${other && html`<${Button} icon="sync" onClick=${() => setCamera(other)}>${
          tr('Other camera')}</${Button}>`}
        <${Button} kind="primary" icon="camera" disabled=${!ready} onClick=${shoot}>${
          tr('Shutter')}</${Button}>`}</div></div></${Dialog}>`;
}
