package testenv

import "testing"

// Chromium returns the path of a Chromium or Chrome program. Run as root it
// needs --no-sandbox, and --headless where there is no screen.
func Chromium(t testing.TB) string {
	t.Helper()
	path, err := debian.find(inPath("chromium", "chromium-browser", "google-chrome"), "chromium")
	if err != nil {
		t.Fatal(err)
	}
	return path
}
