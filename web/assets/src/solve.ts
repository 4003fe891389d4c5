// A solver for the challenges of the server that is small enough for the widget: the same work as ALTCHA's, in the page.

interface Parameters { cost: number; expiresAt: number; keyPrefix: string; nonce: string; salt: string }
interface Challenge { parameters: Parameters; signature: string }

// together is how many numbers are tried at a time: each digest is a task of its own, which takes longer than the digest.
const together = 256;

function bytes(hex: string): number[] {
  return (hex.match(/../g) ?? []).map((pair) => parseInt(pair, 16));
}

function hex(b: Uint8Array): string {
  return [...b].map((x) => x.toString(16).padStart(2, "0")).join("");
}

async function key(before: number[], n: number, cost: number): Promise<Uint8Array> {
  let b = new Uint8Array([...before, n >>> 24, (n >>> 16) & 255, (n >>> 8) & 255, n & 255]);
  for (let i = 0; i < cost; i++) b = new Uint8Array(await crypto.subtle.digest("SHA-256", b));
  return b;
}

// solved fetches a challenge and returns the answer, and until when it is good; "" where there is none to be had.
export async function solved(): Promise<{ answer: string; until: number }> {
  const none = { answer: "", until: 0 };
  if (!isSecureContext) return none;
  const response = await fetch("/api/v1/challenge");
  if (!response.ok) return none;
  const challenge = await response.json() as Challenge;
  const p = challenge.parameters, before = [...bytes(p.salt), ...bytes(p.nonce)];
  for (let from = 0; from < 1 << 20; from += together) {
    const keys = await Promise.all(Array.from({ length: together }, (_, i) => key(before, from + i, p.cost)));
    for (const [i, k] of keys.entries()) {
      const derivedKey = hex(k);
      if (!derivedKey.startsWith(p.keyPrefix)) continue;
      return { answer: btoa(JSON.stringify({ challenge, solution: { counter: from + i, derivedKey } })), until: p.expiresAt * 1000 };
    }
  }
  return none;
}
