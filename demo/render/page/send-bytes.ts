/**
 * Hands bytes of the output to the command, which writes them at that place in the file.
 * @throws Error with the reason when they could not be written
 */
export async function sendBytes(data: Uint8Array<ArrayBuffer> | Blob, positionBytes: number): Promise<void> {
  const response = await fetch(`/render/output?position=${positionBytes}`, { method: 'PUT', body: data });
  if (!response.ok) throw new Error(await response.text());
}
