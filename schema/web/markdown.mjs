// markdown.mjs: the few marks that form authors use in labels and notes: headings, bold, italics,
// lists, lines. Everything else is text as it stands: no link, no picture, no markup.
import { html } from 'kit/html.mjs';

const MARKS = /(\*\*|__)(?=\S)(.+?)\1|(\*|_)(?=\S)(.+?)\3(?!\w)/;

function inline(text) {
  const found = MARKS.exec(text);

  if (!found) return text;
  return [text.slice(0, found.index),
    found[2] !== undefined ? html`<strong>${inline(found[2])}</strong>`
      : html`<em>${inline(found[4])}</em>`,
    inline(text.slice(found.index + found[0].length))];
}

// Forms also carry the HTML that other collectors allow in labels; its tags are left out.
export function plain(text) {
  return text.replace(/<br\s*\/?>/gi, '\n').replace(/<\/?[a-z][^<>]{0,200}>/gi, '');
}

// On one line: labels of choices, titles.
export function Inline({ text }) {
  return html`<span>${inline(plain(text ?? ''))}</span>`;
}

export function Markdown({ text }) {
  const blocks = [];

  for (const line of plain(text ?? '').split('\n')) {
    const heading = /^(#{1,6})\s+(.*)$/.exec(line);
    const bullet = /^\s*[-*+]\s+(.*)$/.exec(line);

    if (heading) blocks.push(html`<p><strong>${inline(heading[2])}</strong></p>`);
    else if (bullet) blocks.push(html`<p class="bullet">${inline(bullet[1])}</p>`);
    else if (line.trim()) blocks.push(html`<p>${inline(line)}</p>`);
  }
  return html`<div class="markdown">${blocks}</div>`;
}
