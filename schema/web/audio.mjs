// audio.mjs: recording what somebody says. What was recorded is kept also when the page is left in
// the middle of it.
import { html, useEffect, useRef, useState } from 'kit/html.mjs';
import { Button, Notice } from 'kit/components.mjs';
import { tr } from 'kit/words.mjs';

const TYPES = ['audio/webm;codecs=opus', 'audio/ogg;codecs=opus', 'audio/mp4'];
const BITS_PER_SECOND = 24000; // speech; an hour has 11 MB
const MS_MAX = 2 * 3600 * 1000;

const typeNow = () => TYPES.find((one) => globalThis.MediaRecorder?.isTypeSupported(one));

export const hasRecorder = () => Boolean(navigator.mediaDevices?.getUserMedia && typeNow());

const two = (number) => String(number).padStart(2, '0');
const spoken = (ms) => `${two(Math.floor(ms / 60000))}:${two(Math.floor(ms / 1000) % 60)}`;

function why(failure) {
  if (failure.name === 'NotAllowedError')
    return tr('The microphone may not be used here. Allow it in the browser, or choose a file.');
  if (failure.name === 'NotFoundError') return tr('There is no microphone. Choose a file instead.');
  return failure.message;
}

export function Recorder({ onDone, described }) {
  const recorder = useRef(null);
  const [since, setSince] = useState(0); // when it began; 0: it does not run
  const [now, setNow] = useState(0);
  const [trouble, setTrouble] = useState('');

  useEffect(() => () => recorder.current?.stop(), []);
  useEffect(() => {
    if (!since) return undefined;
    const timer = setInterval(() => {
      setNow(Date.now());
      if (Date.now() - since > MS_MAX) stop();
    }, 500);
    return () => clearInterval(timer);
  }, [since]);
  async function start() {
    setTrouble('');
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: false });
      const parts = [];
      const one = new MediaRecorder(stream, { mimeType: typeNow(),
        audioBitsPerSecond: BITS_PER_SECOND });

      one.ondataavailable = (event) => event.data.size > 0 && parts.push(event.data);
      one.onstop = () => {
        recorder.current = null;
        stream.getTracks().forEach((track) => track.stop());
        setSince(0);
        onDone(new Blob(parts, { type: one.mimeType }));
      };
      recorder.current = one;
      one.start();
      setNow(Date.now());
      setSince(Date.now());
    } catch (failure) {
      setTrouble(why(failure));
    }
  }
  function stop() {
    if (recorder.current?.state === 'recording') recorder.current.stop();
  }
  return html`<div class="stack-small">${since
    ? html`<div class="row"><${Button} kind="primary" icon="stop" onClick=${stop}>${
        tr('Stop recording')}</${Button}><span class="recording" role="timer">${
        spoken(now - since)}</span></div>`
    : html`<div><${Button} icon="sound" aria-describedby=${described || undefined}
        onClick=${start}>${tr('Record')}</${Button}></div>`}
    ${trouble && html`<${Notice} kind="error" role="alert">${trouble}</${Notice}>`}</div>`;
}
