import { OURS, UNREACHED, failure, fileAddress } from "./api.js";

const parsed = (text) => {
  try {
    return JSON.parse(text);
  } catch {
    return {}; // whoever stands between us and the service answers in HTML
  }
};

/**
 * Send a file and tell how far it is, which fetch cannot.
 *
 * @param {string} path  below /api/v1
 * @param {File} file
 * @param {(share: number) => void} onProgress  0-1
 * @returns {Promise<object>} as of api.js
 */
export function upload(path, file, onProgress) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open("POST", fileAddress(path));
    for (const [name, value] of Object.entries(OURS)) request.setRequestHeader(name, value);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.upload.addEventListener("progress", ({ loaded, total }) => onProgress(total ? loaded / total : 0));
    request.addEventListener("load", () => {
      const answer = parsed(request.responseText);
      resolve(request.status < 300 ? { ok: true, data: answer } : failure(request.status, answer));
    });
    for (const end of ["error", "abort", "timeout"]) request.addEventListener(end, () => resolve(UNREACHED));
    request.send(file);
  });
}
