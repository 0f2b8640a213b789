/** Ends whatever a player still loads, and frees its address: taken out of the page it would go on, and fail aloud. */
export function stopLoading(video: HTMLVideoElement): void {
  video.removeAttribute("src");
  video.load();
}
