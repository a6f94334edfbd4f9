import { createSocket } from 'node:dgram';
import { once } from 'node:events';

/** Answers every question for an IPv4 address with all of the given ones, as Docker's name server does for an alias. */
export interface NameServer extends AsyncDisposable {
  readonly port: number;
}

/** @param addresses - Asked for with every question, so that containers can come and go. */
export async function launchNameServer(addresses: () => readonly string[]): Promise<NameServer> {
  const socket = createSocket('udp4');
  socket.on('message', (question, { address, port }) => socket.send(answerTo(question, addresses()), port, address));
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return {
    port: socket.address().port,
    async [Symbol.asyncDispose]() {
      socket.close();
      await once(socket, 'close');
    },
  };
}

const headerBytes = 12;

/** By RFC 1035: the question again, then one record for each address. */
function answerTo(question: Buffer, addresses: readonly string[]): Buffer {
  // The name ends with an empty label; type and class follow.
  const end = question.indexOf(0, headerBytes) + 5;
  const header = Buffer.alloc(headerBytes);
  header.writeUInt16BE(question.readUInt16BE(0), 0);
  header.writeUInt16BE(0x8180, 2); // a response, recursion available, no error
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(addresses.length, 6);
  const records = addresses.map((address) =>
    // The name by a pointer to the question's, A, IN, one second, four bytes.
    Buffer.from([0xc0, headerBytes, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, ...address.split('.').map(Number)]),
  );
  return Buffer.concat([header, question.subarray(headerBytes, end), ...records]);
}
