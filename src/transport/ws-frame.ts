/** The opcode of a text message, with the bit that says that it is all of it. */
const wholeText = 0x81;

/**
 * A WebSocket text message from server to client, ready for the socket: the prefix, the shared bytes of a result, and a closing brace. One
 * allocation and one write for each subscriber is what a large audience costs.
 *
 * @param prefixBytes - The length of the prefix in UTF-8.
 */
export function nextFrame(prefix: string, prefixBytes: number, payload: Buffer): Buffer {
  const length = prefixBytes + payload.byteLength + 1;
  const header = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const frame = Buffer.allocUnsafe(header + length);
  frame[0] = wholeText;
  if (header === 2) {
    frame[1] = length;
  } else if (header === 4) {
    frame[1] = 126;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = 127;
    frame.writeBigUInt64BE(BigInt(length), 2);
  }
  frame.write(prefix, header, 'utf8');
  payload.copy(frame, header + prefixBytes);
  frame[header + length - 1] = 0x7d;
  return frame;
}
