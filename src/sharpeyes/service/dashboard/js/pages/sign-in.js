import { useState } from "../../vendor/preact-hooks.mjs";
import { html } from "../html.js";
import { address, go } from "../route.js";
import { signIn } from "../session.js";
import { LanguageChoice, ThemeChoice } from "../shell.js";
import { hasWord, t } from "../words.js";

/** Exchange a token for a session; the token is not kept anywhere in the browser. */
export function SignInPage({ signedIn }) {
  const [problem, setProblem] = useState(null);
  const [asking, setAsking] = useState(false);

  async function onSubmit(submit) {
    submit.preventDefault();
    const field = submit.currentTarget.elements.token;
    setAsking(true);
    const answer = await signIn(field.value.trim());
    setAsking(false);
    setProblem(answer.ok ? null : answer);
    if (!answer.ok) field.select();
    // Somebody sent here by a link to another page goes on to it: only the page's own address moves.
    else if (location.hash.includes("/sign-in")) go("overview");
  }

  const key = problem && `sign_in.${problem.kind}`;
  return html`<main class="alone sign-in">
    <div class="sign-in-head"><img src="/static/icon.svg" alt="" width="40" height="40" /><h1>${t("product")}</h1></div>
    <form onSubmit=${onSubmit}>
      <label for="token">${t("sign_in.token")}</label>
      <input id="token" name="token" type="password" required autocomplete="off" spellcheck="false" autofocus
        aria-describedby="token-help" aria-invalid=${problem ? "true" : null} placeholder="set_…" />
      <p id="token-help" class="muted">${t("sign_in.help")}</p>
      ${problem && html`<p class="form-problem" role="alert">${hasWord(key) ? t(key) : t(`problem.${problem.kind}`)}</p>`}
      <button type="submit" class="primary" disabled=${asking}>${t(asking ? "sign_in.asking" : "sign_in.do")}</button>
      ${signedIn && html`<a href=${address("overview")}>${t("sign_in.back")}</a>`}
    </form>
    <div class="sign-in-foot"><${LanguageChoice} /><${ThemeChoice} /></div>
  </main>`;
}
