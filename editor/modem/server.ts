/** The tab Mail server of the modem's dialog: known providers, the usual ports, and what speaks against the settings. */
import type { Advice } from "../../lib/mail/providers/providers";
import type { KnownServer } from "../../nodes/runtime/admin/dialog-endpoints";
import { textOf, valueOf } from "../dialog/fields";
import { text } from "../dialog/texts";
import { providerRemark } from "../shared/explain";
import { request } from "../shared/request";
import type { EditorNode } from "../red";
import { field } from "./field";

/** The ports that mail servers listen on, by security; another number is a person's own choice and is kept. */
const USUAL_PORTS: ReadonlyMap<string, string> = new Map([
  ["tls", "465"],
  ["starttls", "587"],
  ["none", "25"],
]);

/** The mailbox of the simulated modem (`lib/simulator/delivery/inbox.ts`), and the settings that go with it. */
const SIMULATED = {
  smtpHost: "inbox.simulated",
  smtpSecurity: "none",
  smtpPort: "25",
  login: "none",
  senderAddress: "modem@example.com",
} as const;

/** Mark of a way that was chosen with a provider. */
const PROPOSED = "quectel-proposed";

/** After the last key before the runtime is asked. */
const PAUSE_MS = 400;

export function prepareServer(node: EditorNode): void {
  prepareProviders();
  followUsualPort();
  prepareLogin();
  followSimulation(node);
  prepareAdvice();
}

/** A choice fills host, port and security; they stay free to be changed. */
function prepareProviders(): void {
  const select = $("#quectel-provider");
  const remark = $("#quectel-provider-remark");
  request<KnownServer[]>("providers").then(
    (providers) => {
      for (const { name } of providers) $("<option>").val(name).text(name).appendTo(select);
      const here = providers.find(({ host }) => host !== "" && host === valueOf(field("smtpHost")));
      select.val(here?.name ?? "");
      // Why a password does not log in is among the advice, whether the provider was chosen or typed.
      const show = (provider: KnownServer | undefined): void => {
        remark.text(provider === undefined || !provider.canLogin ? "" : providerRemark(provider));
      };
      show(here);
      select.on("change", () => {
        const provider = providers.find(({ name }) => name === valueOf(select));
        show(provider);
        if (provider === undefined) return;
        field("smtpSecurity").val(provider.security).trigger("change");
        if (provider.host !== "") field("smtpHost").val(provider.host).trigger("change");
        field("smtpPort").val(String(provider.port)).trigger("change");
        proposeWay(provider);
      });
    },
    (error: Error) => remark.text(error.message),
  );
}

/** The way that a provider needs is chosen with it, and taken back with the next one; a person's own choice stays. */
function proposeWay({ mailer, login }: KnownServer): void {
  const select = field("mailer");
  const chosen = valueOf(select);
  if (mailer === "socket" && chosen === "module") {
    select.val("socket").trigger("change").data(PROPOSED, true);
  } else if (mailer === "module" && chosen === "socket" && select.data(PROPOSED) === true) {
    select.val("module").trigger("change");
  }
  field("login").val(login).trigger("change");
}

/** The module's own client has no login by a token: the one that was chosen last decides. */
function prepareLogin(): void {
  const mailer = field("mailer");
  const login = field("login");
  const isAtOdds = (): boolean =>
    valueOf(mailer) === "module" && !["password", "none"].includes(valueOf(login));
  mailer.on("change", () => {
    if (isAtOdds()) login.val("password").trigger("change");
  });
  login.on("change", () => {
    if (isAtOdds()) mailer.val("socket").trigger("change");
  });
  $<HTMLInputElement>("#quectel-key-file").on("change", function () {
    const [file] = this.files ?? [];
    void file?.text().then((key) => field("serviceAccount").val(key).trigger("change"));
  });
}

function followUsualPort(): void {
  const security = field("smtpSecurity");
  let before = valueOf(security);
  security.on("change", () => {
    const port = field("smtpPort");
    const now = valueOf(security);
    if (valueOf(port) === USUAL_PORTS.get(before)) port.val(USUAL_PORTS.get(now) ?? "").trigger("change");
    before = now;
  });
}

/** A simulated modem needs no mail server of one's own; a real one does not know that of the simulated one. */
function followSimulation(node: EditorNode): void {
  const { defaults } = node._def;
  const transport = field("transport");
  transport.on("change", () => {
    const isSimulated = valueOf(transport) === "simulator";
    if (valueOf(field("smtpHost")) !== (isSimulated ? "" : SIMULATED.smtpHost)) return;
    for (const [name, value] of Object.entries(SIMULATED)) {
      const usual = textOf(defaults[name]?.value);
      const [before, after] = isSimulated ? [usual, value] : [value, usual];
      if (valueOf(field(name)) === before) field(name).val(after).trigger("change");
    }
  });
}

function sentenceOf(advice: Advice): string {
  switch (advice.kind) {
    case "login":
      return `${advice.provider.name}: ${providerRemark(advice.provider)}`;
    case "credentials":
      return text("advice.credentials", { limit: advice.limit, field: text("label.mailer") });
    case "security":
      return text("advice.security", { port: advice.port, usual: text(`securityName.${advice.usual}`) });
  }
}

/** The bytes of what was typed; a stored password is not known here. */
function bytesOf(name: string): number {
  const value = valueOf(field(name));
  return value === "__PWRD__" ? 0 : new TextEncoder().encode(value).length;
}

/** Shows what is known against the settings, while they are typed. */
function prepareAdvice(): void {
  const list = $("#quectel-advice");
  let asked = 0;
  const look = async (): Promise<void> => {
    const number = ++asked;
    const query = $.param({
      host: valueOf(field("smtpHost")),
      port: valueOf(field("smtpPort")),
      security: valueOf(field("smtpSecurity")),
      mailer: valueOf(field("mailer")),
      login: valueOf(field("login")),
      userBytes: bytesOf("smtpUser"),
      passwordBytes: bytesOf("smtpPassword"),
    });
    // That the runtime does not answer is said where a person asks it something.
    const advice = await request<Advice[]>(`advice?${query}`).catch(() => []);
    if (number !== asked) return;
    list.empty();
    for (const item of advice) $("<div>").text(sentenceOf(item)).appendTo(list);
  };
  let timer: ReturnType<typeof setTimeout> | undefined;
  for (const name of [
    "mailer",
    "login",
    "smtpHost",
    "smtpPort",
    "smtpSecurity",
    "smtpUser",
    "smtpPassword",
  ]) {
    field(name).on("input change", () => {
      clearTimeout(timer);
      timer = setTimeout(() => void look(), PAUSE_MS);
    });
  }
  void look();
}
