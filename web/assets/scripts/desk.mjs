// What the tests in the browser need: a desk of its own on a free port, and a mail server that keeps what it is given.
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import os from "node:os";
import path from "node:path";
import { chromium } from "playwright-core";

const binary = process.env.ABUSEDESK_BINARY;

// until waits for a condition; the test fails when it does not come.
export async function until(what, condition, patience = 20_000) {
  for (const end = Date.now() + patience; ; ) {
    const got = await condition();
    if (got) return got;
    if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
    await new Promise((again) => setTimeout(again, 50));
  }
}

const listening = (server) => new Promise((ready) => server.listen(0, "127.0.0.1", () => ready(server.address().port)));

async function freePort() {
  const server = createServer();
  const port = await listening(server);
  await new Promise((closed) => server.close(closed));
  return port;
}

// mailServer speaks as much of RFC 5321 as a client without extensions needs, and keeps each mail: { from, to, text }.
export async function mailServer() {
  const mails = [];
  const server = createServer((socket) => {
    let rest = "", data = null, mail = {};
    const say = (line) => socket.write(line + "\r\n");
    const address = (line) => line.slice(line.indexOf("<") + 1, line.indexOf(">"));
    socket.on("error", () => {});
    say("220 sink");
    socket.on("data", (bytes) => {
      rest += bytes;
      for (let end; (end = rest.indexOf("\r\n")) >= 0; ) {
        const line = rest.slice(0, end);
        rest = rest.slice(end + 2);
        if (data) {
          if (line === ".") {
            mails.push({ ...mail, text: data.join("\n").replace(/=\n/g, "").replace(/=3D/g, "=") });
            data = null;
            say("250 taken");
          } else data.push(line);
        } else if (/^(EHLO|HELO|RSET|NOOP)/i.test(line)) say("250 sink");
        else if (/^MAIL/i.test(line)) { mail = { from: address(line) }; say("250 ok"); }
        else if (/^RCPT/i.test(line)) { mail.to = address(line); say("250 ok"); }
        else if (/^DATA/i.test(line)) { data = []; say("354 go on"); }
        else if (/^QUIT/i.test(line)) { say("221 bye"); socket.end(); }
        else say("502 not here");
      }
    });
  });
  const port = await listening(server);
  return { mails, url: `smtp://127.0.0.1:${port}`, close: () => server.close() };
}

// startDesk starts the program with a data folder of its own; settings are without ABUSEDESK_.
export async function startDesk(settings = {}) {
  if (!binary) throw new Error("ABUSEDESK_BINARY names no program: make test-browser does");
  const folder = await mkdtemp(path.join(os.tmpdir(), "abusedesk-browser-"));
  const port = await freePort();
  const base = `http://127.0.0.1:${port}`;
  const env = { PATH: process.env.PATH, HOME: folder, ABUSEDESK_DATA_DIR: folder, ABUSEDESK_HTTP_ADDR: `127.0.0.1:${port}`, ABUSEDESK_LOG_LEVEL: "warn" };
  for (const [name, value] of Object.entries(settings)) env[`ABUSEDESK_${name}`] = value;
  let said = "";
  const child = spawn(binary, ["serve"], { env });
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (bytes) => (said += bytes));
  const ended = new Promise((resolve) => child.on("exit", resolve));
  const run = (...args) => new Promise((resolve, reject) => {
    let out = "";
    const command = spawn(binary, args, { env });
    command.stdout.on("data", (bytes) => (out += bytes));
    command.on("exit", (code) => (code === 0 ? resolve(out.trim()) : reject(new Error(`${args.join(" ")} ended with ${code}`))));
  });
  await until("the desk", () => fetch(base + "/readyz").then((r) => r.ok, () => false)).catch((problem) => { throw new Error(`${problem.message}:\n${said}`); });
  const key = await run("apikey", "create", "--name", "browser", "--scopes", "all");
  return {
    base,
    said: () => said,
    // reports are those of a door, newest first.
    reports: async (channel = "web") => (await (await fetch(base + `/api/v1/reports?channel=${channel}&limit=250`, { headers: { authorization: `Bearer ${key}` } })).json()).items,
    close: async () => {
      child.kill("SIGTERM");
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export const launch = () => chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
