// voting.mjs: the voting of a meeting on this tablet. Whoever leads it picks the seat that votes
// next and hands the tablet over; the member says of one household after the other 同意, 不同意 or
// 弃权; then the screen is blank, and says "voted" once it is on disk.
//
// What a member says lives in one variable of his turn, goes out in one request with all of it, and
// is forgotten at once: there is no way back to it, no entry in the history, nothing in the page,
// nothing kept by the browser. Nobody's name is on the screen while he votes, and how the voting
// stands is not told. A turn that breaks off has said nothing: the seat votes again.
import { html, useEffect, useRef, useState } from 'kit/html.mjs';
import { Button, Dialog, Failure, Field, Icon, Notice } from 'kit/components.mjs';
import { tr } from 'kit/words.mjs';
import * as api from './api.mjs';
import { go } from './route.mjs';
import { Frame } from './frame.mjs';
import { REASONS } from 'form/meeting_words.mjs';
import { Secrets } from './meeting.mjs';
import { Counting } from './counting.mjs';

// After the next picture has been drawn.
const drawn = () => new Promise((done) => {
  requestAnimationFrame(() => setTimeout(done));
});

// ---- a member's turn: the whole screen, without a head and without a name ----

function Question({ item, at, count, abstain, onAnswer }) {
  return html`<main class="vote"><h1 class="vote-title" tabindex="-1"><span class="quiet">${
      tr('{at} of {count}', { at, count })}</span> ${item.subject}</h1>
    <p class="vote-question">${tr('Is what was reported true?')}</p>
    <div class="vote-answers">
      <button type="button" class="vote-yes" onClick=${() => onAnswer('yes')}><${Icon}
        name="check" /><span>${tr('Agree, it is true')}</span></button>
      <button type="button" class="vote-no" onClick=${() => onAnswer('no')}><${Icon}
        name="close" /><span>${tr('Disagree, it is not true')}</span></button>
      ${abstain && html`<button type="button" class="vote-abstain"
        onClick=${() => onAnswer('abstain')}><${Icon} name="minus" /><span>${
        tr('Abstain')}</span></button>`}</div></main>`;
}

function Why({ item, required, onDone, onBack }) {
  const [picked, setPicked] = useState([]);
  const toggle = (reason) => setPicked(picked.includes(reason)
    ? picked.filter((one) => one !== reason) : [...picked, reason]);

  return html`<main class="vote"><h1 class="vote-title" tabindex="-1">${item.subject}</h1>
    <p class="vote-question">${tr('What is not true?')}</p>
    <div class="choices why">${REASONS().map((words, index) => html`<label class="choice"
      key=${index}><input type="checkbox" checked=${picked.includes(index + 1)}
        onChange=${() => toggle(index + 1)} /><span>${words}</span></label>`)}</div>
    <div class="row spread why-foot"><${Button} icon="back" onClick=${onBack}>${
      tr('Answer differently')}</${Button}>
      <${Button} kind="primary" disabled=${required && picked.length === 0}
        onClick=${() => onDone(picked.sort().join(','))}>${tr('That is my answer')}</${Button}>
    </div></main>`;
}

// One and the same picture whatever was said.
function Blank({ words, children }) {
  return html`<main class="vote blank"><div role="status" class="blank-words">${words}</div>${
    children}</main>`;
}

function Turn({ meeting, voter, onEnd }) {
  const items = useRef(meeting.items.filter((one) => voter.items.includes(one.id)));
  const said = useRef([]);
  const [at, setAt] = useState(-1); // -1: the tablet is handed over
  const [phase, setPhase] = useState('ask');
  const [trouble, setTrouble] = useState('');
  const item = items.current[at];
  const { values } = meeting.rules;

  function forget() {
    for (const one of said.current) one.answer = '';
    said.current = [];
  }
  useEffect(() => forget, []);
  useEffect(() => document.querySelector('.vote h1')?.focus({ preventScroll: true }), [at, phase]);
  async function send() {
    await drawn();
    try {
      const asked = api.vote(meeting.id, voter.seat, said.current);

      forget();
      await asked;
      setPhase('done');
    } catch (failure) {
      setTrouble(failure.status === 0
        ? tr('There was no answer. Give the tablet to the chair: if the seat is still in the list, it votes again.')
        : failure.message);
      setPhase('failed');
    }
  }
  function answer(text) {
    if (phase === 'sending') return;
    if (text === 'no' && phase === 'ask') {
      setPhase('why');
      return;
    }
    said.current.push({ item: item.id, answer: text });
    if (at + 1 < items.current.length) {
      setPhase('ask');
      setAt(at + 1);
      return;
    }
    setPhase('sending');
    send();
  }
  if (phase === 'sending') return html`<${Blank} words=${tr('One moment…')} />`;
  if (phase === 'done') return html`<${Blank} words=${tr('Voted. Please pass it on.')}><${Button}
    kind="primary" onClick=${() => onEnd()}>${tr('Next')}</${Button}></${Blank}>`;
  if (phase === 'failed') return html`<${Blank} words=${html`<${Notice} kind="error"><p>${
    tr('Nothing was counted.')}</p><p>${trouble}</p></${Notice}>`}><${Button}
    onClick=${() => onEnd()}>${tr('Back to the list')}</${Button}></${Blank}>`;
  if (at < 0) return html`<${Blank} words=${tr('Pass the tablet to seat {seat}.',
    { seat: voter.seat })}><p class="quiet">${
    tr('{n} households, one question each. Nobody sees your answers, and there is no way back.',
      { n: items.current.length })}</p>
    <div class="row"><${Button} onClick=${() => onEnd()}>${tr('Cancel')}</${Button}
    ><${Button} kind="primary" after="next" onClick=${() => setAt(0)}>${
      tr('I am seat {seat}, begin', { seat: voter.seat })}</${Button}></div></${Blank}>`;
  if (phase === 'why') return html`<${Why} key=${at} item=${item}
    required=${values.reasons_required_on_no === 'yes'} onBack=${() => setPhase('ask')}
    onDone=${(reasons) => answer(reasons ? `no:${reasons}` : 'no:')} />`;
  return html`<${Question} key=${at} item=${item} at=${at + 1} count=${items.current.length}
    abstain=${values.abstain_allowed === 'yes'} onAnswer=${answer} />`;
}

// ---- who votes next ----

function Pick({ meeting, voting, onPick }) {
  return html`<section class="stack" aria-labelledby="next"><h2 id="next">${
      voting.voters.length > 0 ? tr('Who votes next? {n} have still to vote.',
        { n: voting.voters.length }) : tr('Everybody has voted who may.')}</h2>
    <div class="seats">${voting.voters.map((one) => html`<button type="button" class="item"
      key=${one.seat} onClick=${() => onPick(one)}><span class="seat">${one.seat}</span>
      <span class="grow"><strong>${one.name}</strong>${one.items.length < meeting.items.length &&
        html`<span class="quiet small block">${tr('{n} households', { n: one.items.length })}</span>`}
      </span></button>`)}</div></section>`;
}

// ---- the secrets ----

function Void({ meeting, onDone, onClose }) {
  const [reason, setReason] = useState('');
  const [trouble, setTrouble] = useState(null);

  return html`<${Dialog} title=${tr('A secret is forgotten')} onClose=${onClose}>
    <p>${tr('This round is void, and everybody votes again. The meeting goes on.')}</p>
    <${Field} label=${tr('Why')} value=${reason} onInput=${setReason} />
    <${Failure} trouble=${trouble} />
    <div class="row spread"><${Button} onClick=${onClose}>${tr('Cancel')}</${Button}>
      <${Button} kind="danger" disabled=${!reason.trim()} onClick=${() =>
        api.inMeeting(meeting.id, 'void', { reason }).then(onDone, setTrouble)}>${
        tr('This round is void')}</${Button}></div></${Dialog}>`;
}

function Resume({ meeting, code, isNew, onOpen }) {
  const [chair, setChair] = useState('');
  const [teller, setTeller] = useState('');
  const [few, setFew] = useState(false);
  const [trouble, setTrouble] = useState(null);
  const [busy, setBusy] = useState(false);
  const [voids, setVoids] = useState(false);

  async function open() {
    setBusy(true);
    try {
      onOpen(await api.inMeeting(meeting.id, 'voting', { chair, teller, few,
        ...(isNew ? { mode: 'secret_device' } : {}), ...(isNew && code ? { code } : {}) }));
    } catch (failure) {
      setTrouble(failure);
      setBusy(false);
    }
  }
  return html`<section class="card stack"><h2>${isNew ? tr('The voting begins on this tablet')
      : tr('The voting goes on')}</h2>
    <p>${isNew ? tr('Chair and teller each think up a secret for this tablet.')
      : tr('Chair and teller both type the secrets that they thought up at the beginning.')}</p>
    <${Secrets} chair=${chair} teller=${teller} onChair=${setChair} onTeller=${setTeller}
      isNew=${isNew} />
    ${trouble?.code === 'few' && html`<label class="choice"><input type="checkbox" checked=${few}
      onChange=${(event) => setFew(event.currentTarget.checked)} /><span>${
      tr('Everybody in the room has been told.')}</span></label>`}
    <${Failure} trouble=${trouble} />
    <div class="row spread">${isNew ? html`<span></span>` : html`<${Button} kind="plain"
      onClick=${() => setVoids(true)}>${tr('A secret is forgotten')}</${Button}>`}
      <${Button} kind="primary" busy=${busy} disabled=${!chair || !teller} onClick=${open}>${
        isNew ? tr('Begin to vote') : tr('Go on')}</${Button}></div>
    ${voids && html`<${Void} meeting=${meeting} onDone=${() => go('meeting', meeting.id)}
      onClose=${() => setVoids(false)} />`}</section>`;
}

// ---- the page ----

function Close({ meeting, isJoined, left, onClose }) {
  const [trouble, setTrouble] = useState(null);
  const [busy, setBusy] = useState(false);

  async function close() {
    setBusy(true);
    try {
      await api.inMeeting(meeting.id, 'close', { rest_unused: left > 0 && !isJoined });
      go('meeting', meeting.id);
    } catch (failure) {
      setTrouble(failure);
      setBusy(false);
    }
  }
  return html`<${Dialog} title=${tr('Close the voting?')} onClose=${onClose}>
    ${left > 0 && html`<${Notice} kind="warning">${isJoined
      ? tr('{n} of this list have not voted here. Whoever is in the room votes first.', { n: left })
      : tr('{n} have not voted. Their votes count as not used.', { n: left })}</${Notice}>`}
    <p>${tr('The votes are counted and sealed, and the urn is destroyed. Nobody votes after that.')}</p>
    <${Failure} trouble=${trouble} />
    <div class="row spread"><${Button} onClick=${onClose}>${tr('Cancel')}</${Button}>
      <${Button} kind="primary" icon="lock" busy=${busy} onClick=${close}>${
        tr('Close the voting')}</${Button}></div></${Dialog}>`;
}

export function Voting({ words, shared }) {
  const [meeting, setMeeting] = useState(null);
  const [voting, setVoting] = useState(null);
  const [voter, setVoter] = useState(null);
  const [closes, setCloses] = useState(false);
  const [trouble, setTrouble] = useState(null);

  async function load() {
    try {
      setVoting(await api.voting(words[0]));
      setMeeting(await api.meeting(words[0]));
      setTrouble(null);
    } catch (failure) {
      setTrouble(failure);
    }
  }
  useEffect(() => {
    load();
  }, []);
  if (voter) return html`<${Turn} key=${voter.seat} meeting=${meeting} voter=${voter}
    onEnd=${() => { setVoter(null); load(); }} />`;
  const ready = meeting && voting;
  const counts = voting?.open && voting.mode !== 'secret_device';
  const left = counts ? voting.counting.filter((one) => !one.counted && !one.postponed).length
    : voting?.voters?.length ?? 0;

  return html`<${Frame} title=${tr('Voting')} back="#/meeting/${encodeURIComponent(words[0])}"
      shared=${shared} foot=${voting?.open && html`<span></span><${Button}
        kind=${left === 0 ? 'primary' : ''} icon="lock" onClick=${() => setCloses(true)}>${
        tr('Close the voting')}</${Button}>`}>
    <${Failure} trouble=${trouble} onAgain=${load} />
    ${ready && !voting.open && html`<${Resume} meeting=${meeting} code=${words[1]}
      isNew=${voting.mode === null} onOpen=${async (now) => {
        setMeeting(await api.meeting(words[0]));
        setVoting(now);
      }} />`}
    ${ready && voting.open && !counts && html`<${Pick} meeting=${meeting} voting=${voting}
      onPick=${setVoter} />`}
    ${ready && counts && html`<${Counting} meeting=${meeting} voting=${voting} onChange=${load} />`}
    ${closes && html`<${Close} meeting=${meeting} isJoined=${voting.joined} left=${left}
      onClose=${() => setCloses(false)} />`}
  </${Frame}>`;
}
