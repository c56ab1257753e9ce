// saver.mjs: brings answers to the disk while somebody types. An answer goes at once, letters when
// the fingers rest for a moment, one request after the other. "Saved" is only what the program has
// confirmed; until then the page keeps the letters, tries again, and says so. An answer that the
// program refuses (letters in a number) stays in its field, with the program's words beside it.
import * as api from './api.mjs';

const REST_MS = 500; // letters wait for this long, and never for more than a second
const LETTERS_MS = 1000;
const AGAIN_MS = 2000;

// To answers comes what is different since the last time, or, when questions came or went, the
// whole.
export function merge(form, answer) {
  if (!form || answer.whole) return answer;
  const changed = new Map(answer.questions.map((question) => [question.ref, question]));

  return { ...form, ...answer,
    questions: form.questions.map((question) => changed.get(question.ref) ?? question) };
}

export class Saver {
  constructor(number, show) {
    this.number = number;
    this.show = show; // called whenever something is different
    this.form = null;
    this.waiting = new Map(); // ref -> value, not yet sent
    this.sent = new Map(); // on their way
    this.refused = new Map(); // ref -> {value, words}
    this.savedAt = 0; // ms, of the last confirmed answer
    this.trouble = null;
    this.timer = 0;
    this.first = 0; // when the oldest letter that waits was typed
    this.work = Promise.resolve();
    this.isBusy = false;
    this.isClosed = false;
  }

  async open() {
    this.form = await api.draft(this.number);
    this.show();
    this.flush();
  }

  // What was answered elsewhere, in another tab or at the command line, while this page lay behind.
  // Whoever has letters here keeps them: they are sent first, and the next look brings the rest.
  async look() {
    if (!this.form || this.isBusy || this.isDirty) return;
    const { form } = this;
    const found = await api.draft(this.number);

    if (this.isBusy || this.isDirty || this.form !== form) return;
    this.form = found;
    this.show();
  }

  close() {
    this.isClosed = true;
    return this.flush();
  }

  get isDirty() {
    return this.waiting.size + this.sent.size > 0;
  }

  valueOf(question) {
    const { ref } = question;

    return this.waiting.get(ref) ?? this.sent.get(ref) ?? this.refused.get(ref)?.value ??
      question.value ?? '';
  }

  set(ref, value, soon) {
    const now = performance.now();

    if (this.waiting.size === 0) this.first = now;
    this.waiting.set(ref, value);
    this.refused.delete(ref);
    clearTimeout(this.timer);
    if (soon === 'composing') {
      // Whatever else is sent takes it along; it is no harm, only not meant yet.
    } else if (soon) {
      const rest = Math.max(0, Math.min(REST_MS, this.first + LETTERS_MS - now));
      this.timer = setTimeout(() => this.flush(), rest);
    } else {
      this.flush();
    }
    this.show();
  }

  // Sends what waits; done when nothing waits any more, or when it could not be sent.
  flush() {
    clearTimeout(this.timer);
    if (this.isBusy || this.waiting.size === 0) return this.work;
    this.isBusy = true;
    this.work = this.send().finally(() => {
      this.isBusy = false;
    });
    return this.work;
  }

  async send() {
    while (this.waiting.size > 0) {
      this.sent = this.waiting;
      this.waiting = new Map();
      try {
        await this.sendOne(this.sent);
        this.trouble = null;
      } catch (trouble) {
        this.trouble = trouble;
        this.waiting = new Map([...this.sent, ...this.waiting]);
        this.sent = new Map();
        if (!this.isClosed) this.timer = setTimeout(() => this.again(), AGAIN_MS);
        this.show();
        return;
      }
      this.sent = new Map();
      this.show();
    }
  }

  // What was confirmed in between is not known: ask for everything first.
  async again() {
    try {
      this.form = await api.draft(this.number);
    } catch (trouble) {
      this.trouble = trouble;
      if (!this.isClosed) this.timer = setTimeout(() => this.again(), AGAIN_MS);
      return;
    }
    this.flush();
  }

  async sendOne(answers) {
    const list = [...answers].map(([ref, value]) => ({ ref, value }));
    const answer = await api.answers(this.number, list);

    this.form = merge(this.form, answer);
    for (const { ref, message } of answer.refused ?? [])
      this.refused.set(ref, { value: answers.get(ref), words: message });
    this.savedAt = Date.now();
  }

  // Something else than an answer: after all answers, and nothing after it before it is done. What
  // is answered meanwhile waits, or an older picture of the form would overtake a newer one.
  async step(call) {
    do await this.flush();
    while (this.isBusy);
    if (this.isDirty) throw this.trouble ?? new Error('not saved');
    this.isBusy = true;
    const work = this.stepNow(call).finally(() => {
      this.isBusy = false;
      if (this.waiting.size > 0) this.flush();
    });

    this.work = work.catch(() => {});
    return work;
  }

  async stepNow(call) {
    const answer = await call();

    if (answer?.questions) {
      this.form = answer;
      this.savedAt = Date.now();
      this.show();
    }
    return answer;
  }
}
