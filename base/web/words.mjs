// words.mjs: what the pages say, in the language of the reader. The English text is the key; the
// build checks that every catalogue has every text. Chinese comes first: it is what a page speaks
// until somebody asks for English.
import zh from './words/zh.mjs';

const catalogues = { zh, en: null };
let language = 'zh';

export function languageNow() {
  return language;
}

// The server remembers the choice; this page only speaks it.
export function speak(name) {
  language = name in catalogues ? name : 'zh';
  document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
}

// tr with values: '{n} found' and {n: 3} give "3 found".
export function tr(text, values) {
  const found = catalogues[language]?.[text] ?? text;

  return values === undefined ? found
    : found.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}
