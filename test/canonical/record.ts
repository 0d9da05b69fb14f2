/** `npm run canonical [name ...]`: records the lines of all canonical mails, or of some, anew. */
import { CANONICAL_MAILS } from "./mails";
import { record, removeOld } from "./recording";

async function main(): Promise<void> {
  const wanted = process.argv.slice(2);
  const mails = CANONICAL_MAILS.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
  for (const mail of mails) {
    try {
      await record(mail);
    } catch (error) {
      throw new Error(mail.name, { cause: error });
    }
  }
  removeOld();
  process.stdout.write(`${mails.length} canonical mails recorded; see git diff\n`);
}

void main();
