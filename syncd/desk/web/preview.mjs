// preview.mjs: a form as a tablet shows it, to be tried out. The draft lives in this page only: each
// request brings it to the program and takes it away again.
import { html, useEffect, useMemo, useRef, useState } from 'kit/html.mjs';
import { Button, Failure, Notice } from 'kit/components.mjs';
import { post } from 'kit/request.mjs';
import { tr } from 'kit/words.mjs';
import { FormPage } from 'form/form.mjs';
import { missingOf, pageWith, pagesOf, treeOf } from 'form/pages.mjs';

const REST_MS = 400; // letters wait for so long

export function Preview({ form }) {
  const [draft, setDraft] = useState(null);
  const [trouble, setTrouble] = useState(null);
  const [at, setAt] = useState('');
  const [showAll, setShowAll] = useState(false);
  const [, redraw] = useState(0);
  const state = useRef('');
  const waiting = useRef(new Map());
  const refused = useRef(new Map());
  const touched = useRef(new Set());
  const queue = useRef(Promise.resolve());
  const timer = useRef(0);
  const pages = useMemo(() => (draft ? pagesOf(treeOf(draft.questions)) : []), [draft]);

  // One after the other: each stands on the draft that the one before has made.
  function step(what) {
    const run = async () => {
      const sent = new Map(waiting.current);

      try {
        const answer = await post('api/forms/preview', { form, state: state.current, ...what,
          set: [...sent].map(([ref, value]) => ({ ref, value })) });

        for (const [ref, value] of sent)
          if (waiting.current.get(ref) === value) waiting.current.delete(ref);
        for (const { ref, message } of answer.refused)
          refused.current.set(ref, { value: sent.get(ref), message });
        state.current = answer.state;
        setDraft(answer);
        setTrouble(null);
        return answer;
      } catch (failure) {
        setTrouble(failure);
        return null;
      }
    };

    clearTimeout(timer.current);
    queue.current = queue.current.then(run);
    return queue.current;
  }
  useEffect(() => {
    step({});
    return () => clearTimeout(timer.current);
  }, [form]);
  const flush = () => (waiting.current.size > 0 ? step({}) : null);
  const page = pages.find((one) => one.id === at) ?? pageWith(pages, at) ?? pages[0];
  const missing = missingOf(pages);
  const rendering = {
    valueOf: ({ ref, value }) => waiting.current.get(ref) ?? refused.current.get(ref)?.value ??
      value ?? '',
    set: (ref, value, soon) => {
      waiting.current.set(ref, value);
      refused.current.delete(ref);
      if (!soon) touched.current.add(ref);
      clearTimeout(timer.current);
      if (!soon) step({});
      else if (soon !== 'composing') timer.current = setTimeout(flush, REST_MS);
      redraw((n) => n + 1);
    },
    flush,
    refused: new Map([...refused.current].map(([ref, one]) => [ref, one.message])),
    attach: async () => { throw new Error(tr('Photos and files are not taken here.')); },
    address: () => '', medium: (name) => `api/forms/${form}/media/${encodeURIComponent(name)}`,
    touched: touched.current, showAll, open: setAt,
    add: async (ref) => {
      const answer = await step({ add: ref });

      if (answer?.added) setAt(answer.added);
    },
    remove: ({ question }) => step({ remove: question.ref }),
  };
  async function finish() {
    setShowAll(true);
    await step({ finish: true });
  }
  const siblings = page ? pages.filter((one) => one.up === page.up &&
    one.instance === page.instance) : [];
  const name = draft?.form_title || draft?.name;
  const index = siblings.findIndex((one) => one.id === page.id);

  return html`<${Failure} trouble=${trouble} onAgain=${() => step({})} />
    ${page && html`<div class="preview"><nav class="preview-pages" aria-label=${
        tr('Pages of the form')}><ol>${pages.filter((one) => !one.up).map((one, nth) => html`
        <li key=${one.id}><button type="button" class="button plain" aria-current=${
          one.id === page.id ? 'page' : undefined} onClick=${() => setAt(one.id)}>${nth + 1}. ${
          one.title || name}</button></li>`)}</ol>
        ${draft.languages && html`<label class="field"><span class="label">${
          tr('Language of the form')}</span><select class="input" value=${draft.language}
          onChange=${(event) => step({ language: event.currentTarget.value })}>${
          draft.languages.map((one) => html`<option key=${one} value=${one}>${one}</option>`)}
          </select></label>`}</nav>
      <section class="card stack preview-page" aria-label=${page.title || name}>
        <h2>${page.title || name}</h2>
        <${FormPage} key=${page.id} page=${page} pages=${pages} form=${rendering}
          onEnd=${() => siblings[index + 1] && setAt(siblings[index + 1].id)} />
        <div class="row spread">${siblings[index - 1] || page.up ? html`<${Button} icon="back"
            onClick=${() => setAt(siblings[index - 1]?.id ?? page.up)}>${tr('Back')}</${Button}>`
            : html`<span></span>`}
          ${siblings[index + 1] ? html`<${Button} after="next" onClick=${() => setAt(
            siblings[index + 1].id)}>${tr('Next page')}</${Button}>`
            : html`<${Button} kind="primary" icon="check" onClick=${finish}>${
              tr('As if it were done')}</${Button}>`}</div>
        ${draft.problems && (draft.problems.length === 0 && missing.length === 0
          ? html`<${Notice} role="status">${tr('It could be finished.')}</${Notice}>`
          : html`<${Notice} kind="error" role="status"><p>${tr('It could not be finished yet:')}</p>
            <ul>${draft.problems.map((one) => html`<li key=${one.ref}><button type="button"
              class="button plain" onClick=${() => setAt(pageWith(pages, one.ref)?.id ?? at)}>${
              one.label || one.ref}</button> ${one.error}</li>`)}</ul></${Notice}>`)}
      </section></div>`}`;
}
