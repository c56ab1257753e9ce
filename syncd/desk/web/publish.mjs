// publish.mjs: a form on its way: the workbook is chosen, what is wrong with it stands cell by cell,
// it is tried out, what is different is looked at, and then it is published, with a reason. What was
// brought waits at the county for an hour, for this login only; a mended workbook of the same name
// finds the tables and pictures that were brought with the former.
import { html, useEffect, useState } from 'kit/html.mjs';
import { Button, Failure, Field, Icon, Notice, toast } from 'kit/components.mjs';
import { count } from 'kit/format.mjs';
import { get, post, request } from 'kit/request.mjs';
import { tr } from 'kit/words.mjs';
import { Differences } from './differences.mjs';
import { Frame } from './frame.mjs';
import { forgetLists } from './list.mjs';
import { go, href } from './route.mjs';

const BINARY = 'application/octet-stream';
const WORKBOOK_MOST = 16 * 1024 * 1024;
const MEDIUM_MOST = 8 * 1024 * 1024;

// "C5", as a spreadsheet calls it.
export function cellName({ row, column }) {
  let letters = '';

  for (let rest = column; rest > 0; rest = Math.floor((rest - 1) / 26))
    letters = String.fromCharCode(65 + ((rest - 1) % 26)) + letters;
  return `${letters}${row || ''}` || '—';
}

// The place stands in the table already.
function withoutPlace(finding) {
  const place = finding.column > 0 ? /^.*?[)）][:：]\s?/ : /^.*?[:：]\s?/; // (media::image) has colons

  return finding.row > 0 ? finding.text.replace(place, '') : finding.text;
}

function Findings({ made }) {
  const list = [...made.findings].sort((a, b) => (a.level > b.level) - (a.level < b.level));

  return html`<section class="card stack"><h2>${tr('What was found')}</h2>
    ${made.why && html`<${Notice} kind="error">${made.why}</${Notice}>`}
    ${list.length > 0 && html`<table class="table findings"><caption class="hidden">${
      tr('Errors and warnings by cell')}</caption><thead><tr><th scope="col">${
      tr('Kind')}</th><th scope="col">${tr('Sheet')}</th><th scope="col">${tr('Cell')}</th>
      <th scope="col">${tr('What is wrong, and the mend')}</th></tr></thead><tbody>${
      list.map((one, at) => html`<tr key=${at}><td><span class="tag ${one.level}"><${Icon}
        name=${one.level} />${one.level === 'error' ? tr('error') : tr('warning')}</span></td>
        <td lang="en">${one.sheet}</td><td lang="en">${cellName(one)}</td>
        <td class="cell-text">${withoutPlace(one)}</td></tr>`)}</tbody></table>`}
    ${made.trouble.length > 0 && html`<${Notice} kind="warning"><p>${
      tr('A new draft of it would show at once:')}</p><ul>${made.trouble.map((one, at) => html`
        <li key=${at}><span lang="en">${one.ref}</span> ${one.text}</li>`)}</ul></${Notice}>`}
    ${list.length + made.trouble.length === 0 && !made.why && html`<${Notice}>${
      tr('Nothing is wrong with it.')}</${Notice}>`}</section>`;
}

function Tables({ made, onFile, onLeave }) {
  return html`<section class="card stack"><h2>${tr('Tables with it')}</h2>
    <p class="quiet">${tr('Lists that the form reads: CSV, XML or GeoJSON. Those of the version in force stay unless you replace or leave them out.')}</p>
    ${made.files.length > 0 && html`<ul class="plain">${made.files.map((file) => html`
      <li key=${file.name} class="row"><span class="grow">${file.name} · ${
        tr('{n} bytes', { n: count(file.bytes) })} · ${file.kept ? tr('stays as it is')
          : tr('brought now')}</span><${Button} kind="plain" icon="trash"
        onClick=${() => onLeave(file.name)}>${tr('Leave out {name}', { name: file.name })}</${Button}>
      </li>`)}</ul>`}
    <div><label class="button"><${Icon} name="plus" /><span>${tr('Bring a table')}</span>
      <input class="hidden" type="file" accept=".csv,.xml,.geojson" onChange=${(event) => {
        const [file] = event.currentTarget.files;
        event.currentTarget.value = '';
        if (file) onFile(file);
      }} /></label></div></section>`;
}

function Media({ made, onFiles, onLeave }) {
  return html`<section class="card stack"><h2>${tr('Pictures, sounds and films')}</h2>
    <p class="quiet">${tr('What questions and choices show: JPEG, PNG, WebP, GIF, MP3, M4A, Ogg, WAV, MP4 and WebM, 8 MiB each at most. Tablets get them after the form.')}</p>
    ${made.media.length > 0 && html`<ul class="plain">${made.media.map((file) => html`
      <li key=${file.name} class="row"><span class="grow">${file.name} · ${
        tr('{n} bytes', { n: count(file.bytes) })} · ${file.kept ? tr('stays as it is')
          : tr('brought now')}</span><${Button} kind="plain" icon="trash"
        onClick=${() => onLeave(file.name)}>${tr('Leave out {name}', { name: file.name })}</${Button}>
      </li>`)}</ul>`}
    <div><label class="button"><${Icon} name="plus" /><span>${tr('Bring pictures, sounds, films')}</span>
      <input class="hidden" type="file" multiple accept="image/*,audio/*,video/*" onChange=${(event) => {
        const files = [...event.currentTarget.files];
        event.currentTarget.value = '';
        if (files.length > 0) onFiles(files);
      }} /></label></div></section>`;
}

function Publishing({ made, onPublished, onMoved }) {
  const [reason, setReason] = useState('');
  const [error, setError] = useState('');
  const [busy, setBusy] = useState(false);

  async function publish(event) {
    event.preventDefault();
    setBusy(true);
    try {
      onPublished(await post('api/forms/uploaded/publish', { form: made.form, reason }));
    } catch (trouble) {
      setError(trouble.message);
      if (trouble.code === 'moved') onMoved();
    }
    setBusy(false);
  }
  if (made.same) return html`<${Notice}>${
    tr('The version in force says all of this already. There is nothing to publish.')}</${Notice}>`;
  return html`<section class="card stack"><h2>${made.former
      ? tr('What is different from number {n}', { n: made.former_sequence })
      : tr('The first version of this form')}</h2>
    ${made.former_version === made.version && html`<${Notice} kind="warning">${tr(
      'Both say version {version}. Change it in the settings, so that people can tell them apart.',
      { version: made.version || '—' })}</${Notice}>`}
    ${made.former && html`<${Differences} list=${made.difference} more=${made.more} />`}
    <form class="stack" autocomplete="off" onSubmit=${publish}>
      <${Field} label=${tr('Reason')} hint=${tr('It is logged, and stands with the version.')}
        value=${reason} error=${error} onInput=${(text) => { setReason(text); setError(''); }} />
      <p class="quiet">${tr('Tablets take it when they sync next. A published version stays for ever.')}</p>
      <div><${Button} kind="primary" type="submit" icon="check" busy=${busy}>${
        tr('Publish as number {n}', { n: made.sequence })}</${Button}></div></form></section>`;
}

export function Publish() {
  const [made, setMade] = useState(null);
  const [trouble, setTrouble] = useState(null);
  const [busy, setBusy] = useState(false);

  async function doing(call) {
    setBusy(true);
    try {
      setMade(await call());
      setTrouble(null);
    } catch (failure) {
      setTrouble(failure);
    }
    setBusy(false);
  }
  useEffect(() => {
    get('api/forms/uploaded').then(setMade).catch((failure) => {
      if (failure.status !== 404) setTrouble(failure);
    });
  }, []);
  function workbook(file) {
    if (file.size > WORKBOOK_MOST) {
      setTrouble(new Error(tr('This file is too large for a form: 16 MiB at most.')));
      return;
    }
    setMade(null);
    doing(() => request('POST', `api/forms/uploaded?${new URLSearchParams({ name: file.name })}`,
      { body: file, type: BINARY }));
  }
  const table = (file) => doing(() => request('POST',
    `api/forms/uploaded/files/${encodeURIComponent(file.name)}`, { body: file, type: BINARY }));
  // One after the other; the first that is refused ends it.
  const media = (files) => doing(async () => {
    let found = made;

    for (const file of files) {
      if (file.size > MEDIUM_MOST) throw new Error(tr('{name} is too large: 8 MiB at most.',
        { name: file.name }));
      found = await request('POST', `api/forms/uploaded/files/${encodeURIComponent(file.name)}`,
        { body: file, type: BINARY });
      setMade(found);
    }
    return found;
  });
  const leave = (file) => doing(() => post('api/forms/uploaded/leave', { file }));
  const leaveAll = () => doing(async () => {
    await post('api/forms/uploaded/leave');
    toast(tr('Thrown away. Nothing of it was published.'));
    return null;
  });

  return html`<${Frame} title=${tr('Bring a form')} back=${href('forms')}>
    <section class="card stack"><p>${
      tr('A form is an Excel workbook (.xlsx) with the sheets survey, choices and settings (XLSForm).')}</p>
      <div class="row"><label class="button ${made ? '' : 'primary'} ${busy ? 'busy' : ''}">
        <${Icon} name="plus" /><span>${made ? tr('Bring the mended workbook')
          : tr('Choose a workbook')}</span>
        <input class="hidden" type="file" accept=".xlsx,.xlsm" disabled=${busy}
          onChange=${(event) => {
            const [file] = event.currentTarget.files;
            event.currentTarget.value = '';
            if (file) workbook(file);
          }} /></label>
        <span role="status" class="quiet">${busy ? tr('It is being looked at…') : made?.workbook
          ?? ''}</span></div>
      <${Failure} trouble=${trouble} />
      ${made && html`<p role="status">${made.ok ? html`<span class="tag safe"><${Icon}
          name="check" />${tr('can be published')}</span> ${made.title || made.name} · ${
          made.version} · ${tr('{n} fields', { n: made.fields })}`
        : html`<span class="tag error"><${Icon} name="error" />${
          tr('{n} errors', { n: made.errors })}</span>`} ${made.warnings > 0 && html`
        <span class="tag warning"><${Icon} name="warning" />${
          tr('{n} warnings', { n: made.warnings })}</span>`}</p>`}
      ${made && html`<div class="row">${made.ok && html`<${Button} icon="edit"
        onClick=${() => go('forms', ['try', 'uploaded'])}>${tr('Try it out')}</${Button}>`}
        <${Button} kind="plain" icon="trash" onClick=${leaveAll}>${
          tr('Throw away what was brought')}</${Button}></div>`}</section>
    ${made && html`<${Findings} made=${made} />
      <${Tables} made=${made} onFile=${table} onLeave=${leave} />
      <${Media} made=${made} onFiles=${media} onLeave=${leave} />
      ${made.ok && html`<${Publishing} key=${made.form} made=${made}
        onMoved=${() => doing(() => get('api/forms/uploaded'))}
        onPublished=${({ form, sequence }) => {
          forgetLists();
          toast(tr('Published as number {n}.', { n: sequence }));
          go('forms', [form]);
        }} />`}`}</${Frame}>`;
}
