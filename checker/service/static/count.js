"use strict";
// 字数 as checker/language/count.py counts it; a test holds the two equal. Every CJK character and mark is one, every
// run of other characters that are no space is one; what shows nothing of its own neither counts nor divides a run.
globalThis.kaoheCount = (() => {
  const CJK =
    "\\u1100-\\u11ff\\u2e80-\\u2fff\\u3001-\\u3029\\u3030-\\u312f\\u3131-\\u318f\\u3190-\\u33ff\\u3400-\\u4dbf\\u4e00-\\u9fff" +
    "\\ua000-\\ua4cf\\uac00-\\ud7af\\uf900-\\ufaff\\ufe10-\\ufe1f\\ufe30-\\ufe6f\\uff01-\\uffef" +
    "\\u{1b000}-\\u{1b16f}\\u{1f200}-\\u{1f2ff}\\u{20000}-\\u{3ffff}";
  const SHARED = "“”‘’—…·";
  const SILENT =
    "\\u0300-\\u036f\\u1ab0-\\u1aff\\u1dc0-\\u1dff\\u200b-\\u200f\\u202a-\\u202e\\u2060-\\u2064\\u20d0-\\u20ff\\u302a-\\u302f" +
    "\\u3099\\u309a\\ufe00-\\ufe0f\\ufe20-\\ufe2f\\ufeff\\u00ad\\u{e0000}-\\u{e01ef}";
  // What Python takes for a space; \s of JavaScript is a little different.
  const SPACE = "\\t-\\r\\u001c- \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
  const silent = new RegExp(`[${SILENT}]+`, "gu");
  const cjk = new RegExp(`[${CJK}]`, "u");
  const mixed = new RegExp(`[${CJK}${SHARED}]|[^${CJK}${SHARED}${SPACE}]+`, "gu");
  const latin = new RegExp(`[^${SPACE}]+`, "gu");
  return (text) => {
    const plain = text.replace(silent, "");
    const purelyLatin = !cjk.test(plain) && /[A-Za-z]/.test(plain);
    return (plain.match(purelyLatin ? latin : mixed) || []).length;
  };
})();
