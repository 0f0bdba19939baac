import { useState } from "../../vendor/preact-hooks.mjs";
import { html } from "../html.js";
import { address, go } from "../route.js";
import { signIn, usefulPages } from "../session.js";
import { LanguageChoice, ThemeChoice } from "../shell.js";
import { hasWord, t } from "../words.js";

const Field = ({ name, type, autocomplete, problem, help, ...rest }) => html`<label for=${name}>${t(`sign_in.${name}`)}</label>
  <input id=${name} name=${name} type=${type} required autocomplete=${autocomplete} spellcheck="false" autocapitalize="off"
    aria-describedby=${help ? `${name}-help` : null} aria-invalid=${problem ? "true" : null} ...${rest} />
  ${help && html`<p id="${name}-help" class="muted">${help}</p>`}`;

const ByAccount = ({ problem }) => html`
  <${Field} name="login_name" type="text" autocomplete="username" problem=${problem} autofocus />
  <${Field} name="password" type="password" autocomplete="current-password" problem=${problem} />`;

const ByToken = ({ problem }) => html`
  <${Field} name="token" type="password" autocomplete="off" problem=${problem} help=${t("sign_in.help")} autofocus placeholder="set_…" />`;

/** Exchange a name and password, or a token, for a session; neither is kept in the browser. */
export function SignInPage({ signedIn }) {
  const [problem, setProblem] = useState(null);
  const [asking, setAsking] = useState(false);
  const [byToken, setByToken] = useState(false);

  async function onSubmit(submit) {
    submit.preventDefault();
    const { login_name: name, password, token } = submit.currentTarget.elements;
    setAsking(true);
    const answer = await signIn(byToken ? { token: token.value.trim() } : { login_name: name.value.trim(), password: password.value });
    setAsking(false);
    setProblem(answer.ok ? null : answer);
    if (!answer.ok) (token ?? password).select();
    // Somebody sent here by a link to another page goes on to it: only the page's own address moves.
    else if (location.hash.includes("/sign-in")) go(usefulPages()[0] ?? "overview");
  }
  const change = () => {
    setByToken(!byToken);
    setProblem(null);
  };

  const way = byToken ? "token" : "account";
  const key = problem && `sign_in.${way}.${problem.kind}`;
  return html`<main class="alone sign-in">
    <div class="sign-in-head"><img src="/static/icon.svg" alt="" width="40" height="40" /><h1>${t("product")}</h1></div>
    <form key=${way} onSubmit=${onSubmit}>
      <${byToken ? ByToken : ByAccount} problem=${problem} />
      ${problem &&
      html`<p class="form-problem" role="alert">${hasWord(key) ? t(key) : t(`problem.${problem.kind}`)}
        ${problem.kind === "busy" && html` <span lang="en">${problem.detail}</span>`}</p>`}
      <button type="submit" class="primary" disabled=${asking}>${t(asking ? "sign_in.asking" : "sign_in.do")}</button>
      <button type="button" class="quiet" onClick=${change}>${t(byToken ? "sign_in.with_account" : "sign_in.with_token")}</button>
      ${signedIn && html`<a href=${address("overview")}>${t("sign_in.back")}</a>`}
    </form>
    <div class="sign-in-foot"><${LanguageChoice} /><${ThemeChoice} /></div>
  </main>`;
}
