// Passkeys: a form that asks the browser for one and sends what it answers. Without a script there is no such form.

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
function text(buffer) {
  const binary = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join("");
  return btoa(binary).replace(/[+]/g, "-").replace(/[/]/g, "_").replace(/=+$/, "");
}
const named = (list) => (list || []).map((one) => ({ ...one, id: bytes(one.id) }));

function forCreating(options) {
  return {
    ...options,
    challenge: bytes(options.challenge),
    user: { ...options.user, id: bytes(options.user.id) },
    excludeCredentials: named(options.excludeCredentials),
  };
}

function forShowing(options) {
  return { ...options, challenge: bytes(options.challenge), allowCredentials: named(options.allowCredentials) };
}

// What the server reads: the JSON forms of WebAuthn Level 3, made by hand where a browser has no toJSON().
function written(credential) {
  const { response } = credential;
  const said = { clientDataJSON: text(response.clientDataJSON) };
  if (response.attestationObject) {
    said.attestationObject = text(response.attestationObject);
    said.transports = response.getTransports ? response.getTransports() : [];
  } else {
    said.authenticatorData = text(response.authenticatorData);
    said.signature = text(response.signature);
    if (response.userHandle) said.userHandle = text(response.userHandle);
  }
  return JSON.stringify({
    id: credential.id, rawId: text(credential.rawId), type: credential.type, response: said, clientExtensionResults: {},
  });
}

async function ask(form) {
  const options = JSON.parse(form.dataset.options);
  return form.dataset.passkey === "create"
    ? navigator.credentials.create({ publicKey: forCreating(options) })
    : navigator.credentials.get({ publicKey: forShowing(options) });
}

function say(form, error) {
  const problem = form.querySelector("[data-passkey-problem]");
  problem.textContent = error.name === "InvalidStateError"
    ? "This authenticator holds a passkey of yours already."
    : "No passkey was shown. Try again, or use another way.";
  problem.hidden = false;
}

addEventListener("DOMContentLoaded", () => {
  if (!window.PublicKeyCredential) return;
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.hidden = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      event.stopPropagation();
      try {
        form.elements.passkey_answer.value = written(await ask(form));
        form.submit();
      } catch (error) {
        say(form, error);
      }
    });
  }
});
