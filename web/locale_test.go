package web

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/internal/storetest"
)

var place = regexp.MustCompile(`\{\{\.\w+\}\}|\{\w+\}`)

// readLocale is a language's file: each text, or form of a plural, by its key.
func readLocale(t *testing.T, name string) map[string]string {
	t.Helper()
	raw, err := fs.ReadFile(localeFiles, name)
	if err != nil {
		t.Fatal(err)
	}
	var file map[string]any
	if err := json.Unmarshal(raw, &file); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	texts := map[string]string{}
	for key, value := range file {
		switch v := value.(type) {
		case string:
			texts[key] = v
		case map[string]any:
			for form, text := range v {
				texts[key+" "+form] = fmt.Sprint(text)
			}
		}
	}
	return texts
}

// Every language has every text, with the same places to fill, and none that no
// other has.
func TestEveryLanguageHasEveryText(t *testing.T) {
	english := readLocale(t, "locales/en.json")
	names, err := fs.Glob(localeFiles, "locales/*.json")
	if err != nil || len(names) < 3 {
		t.Fatalf("%v, %v", names, err)
	}
	for _, name := range names {
		texts := readLocale(t, name)
		for key, text := range english {
			other, ok := texts[key]
			if !ok || strings.TrimSpace(other) == "" {
				t.Errorf("%s has no %q", name, key)
				continue
			}
			want, got := place.FindAllString(text, -1), place.FindAllString(other, -1)
			slices.Sort(want)
			slices.Sort(got)
			if !slices.Equal(want, got) {
				t.Errorf("%s: %q fills %v, in English %v", name, key, got, want)
			}
			if strings.Contains(other, "!") {
				t.Errorf("%s: %q shouts", name, key)
			}
		}
		for key := range maps.Keys(texts) {
			if _, ok := english[key]; !ok {
				t.Errorf("%s: %q is in no other language", name, key)
			}
		}
		if path.Base(name) != "en.json" && texts["form.title"] == english["form.title"] {
			t.Errorf("%s is not translated", name)
		}
	}
}

// Everything that the templates and the code ask for is there.
func TestEveryTextThatIsAskedForIsThere(t *testing.T) {
	english := readLocale(t, "locales/en.json")
	has := func(key string) bool { _, one := english[key]; _, many := english[key+" other"]; return one || many }
	asked := regexp.MustCompile(`(?:\bt|markup|T\() ?"([a-z_.]+)"`)
	err := fs.WalkDir(templateFiles, "templates", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := fs.ReadFile(templateFiles, name)
		for _, m := range asked.FindAllSubmatch(raw, -1) {
			if !has(string(m[1])) {
				t.Errorf("%s asks for %q", name, m[1])
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range cases.Dispositions() {
		if !has("outcome." + string(d)) {
			t.Errorf("no words for %s", d)
		}
	}
	for _, c := range cases.Categories() {
		if !has("category." + string(c)) {
			t.Errorf("no words for %s", c)
		}
	}
	for _, c := range []cases.Channel{cases.ChannelWeb, cases.ChannelEmail, cases.ChannelChat, cases.ChannelAPI, cases.ChannelMonitor} {
		if !has("channel." + string(c)) {
			t.Errorf("no words for %s", c)
		}
	}
}

// A language is one file.
func TestANewLanguageIsOneFile(t *testing.T) {
	files := fstest.MapFS{"locales/de.json": {Data: []byte(`{"language.name": "Deutsch", "form.title": "Einen Anruf melden"}`)}}
	for _, name := range []string{"locales/en.json", "locales/es.json"} {
		raw, err := fs.ReadFile(localeFiles, name)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = &fstest.MapFile{Data: raw}
	}
	l, err := loadLocales(files)
	if err != nil {
		t.Fatal(err)
	}
	german := l.named("de")
	if german == nil || german.T("form.title") != "Einen Anruf melden" || german.T("form.lead") != l.all[0].T("form.lead") || german.country("FR") != "Frankreich" {
		t.Errorf("%+v", german)
	}
	for header, want := range map[string]string{"": "en", "de-AT,de;q=0.9,en;q=0.8": "de", "ja": "en", "es-MX": "es", "ja,es;q=0.5": "es", "%%%": "en", "*": "en"} {
		if got := l.accepted(header).Tag; got != want {
			t.Errorf("%q: %s, want %s", header, got, want)
		}
	}
	for broken, says := range map[string]string{`{`: "de.json", `{"form.title": "x"}`: ""} {
		files["locales/de.json"] = &fstest.MapFile{Data: []byte(broken)}
		if _, err := loadLocales(files); says != "" && (err == nil || !strings.Contains(err.Error(), says)) {
			t.Errorf("%s: %v", broken, err)
		}
	}
	if _, err := loadLocales(fstest.MapFS{}); err == nil {
		t.Error("no language at all is taken")
	}
}

func TestDatesInEachLanguage(t *testing.T) {
	l, err := loadLocales(localeFiles)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 3, 2, 15, 4, 0, 0, time.UTC)
	for tag, want := range map[string]string{"en": "2 March 2026, 15:04 Monday, 2 March", "es": "2 de marzo de 2026, 15:04 lunes 2 de marzo", "fr": "2 mars 2026, 15:04 lundi 2 mars"} {
		w := l.named(tag)
		if got := w.date(at, "moment") + " " + w.date(at, "day"); got != want {
			t.Errorf("%s: %q, want %q", tag, got, want)
		}
	}
}

// What fills a place of a text that is HTML stays text.
func TestMarkupEscapes(t *testing.T) {
	l, err := loadLocales(localeFiles)
	if err != nil {
		t.Fatal(err)
	}
	got, err := l.all[0].markup("status.received", "Category", "<b>", "When", l.all[0].timed(time.Time{}, time.UTC, "day"))
	if err != nil || !strings.HasPrefix(string(got), "&lt;b&gt;, received <time ") {
		t.Errorf("%s, %v", got, err)
	}
}

func TestPublicPagesSpeakTheReadersLanguage(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t))
	spanish := []string{"Accept-Language", "es-ES,es;q=0.9"}
	cookie := func(tag string) []string { return []string{"Accept-Language", "es-ES", "Cookie", "language=" + tag} }
	status := "/reports/" + w.token
	w.run([]scenario{
		{name: "the form", request: request{method: "GET", path: "/", header: spanish}, status: 200,
			says: []string{`<html lang="es"`, "¿Qué ha pasado?", `value="ES" selected>España &#43;34`, `data-language="es"`, "No soy una máquina", ">Français</button>"}, keeps: []string{"What happened?"}},
		{name: "a region that is not the language's", request: request{method: "GET", path: "/", header: []string{"Accept-Language", "fr-CA"}}, status: 200, says: []string{`<html lang="fr"`, `value="CA" selected>Canada &#43;1`}},
		{name: "no region", request: request{method: "GET", path: "/", header: []string{"Accept-Language", "fr"}}, status: 200, says: []string{`<html lang="fr"`, `value="US" selected>États-Unis &#43;1`}},
		{name: "chosen before", request: request{method: "GET", path: "/", header: cookie("fr")}, status: 200, says: []string{`<html lang="fr"`}},
		{name: "a cookie that is none", request: request{method: "GET", path: "/", header: cookie("%3Cb%3E")}, status: 200, says: []string{`<html lang="es"`}},
		{name: "chosen by a link", request: request{method: "GET", path: status + "?lang=fr", header: spanish}, status: 200, says: []string{`<html lang="fr"`, "Gardez le lien", "Comparé à nos relevés d’appels"}, keeps: []string{"Compared"}},
		{name: "the status page", request: request{method: "GET", path: status, header: spanish}, status: 200, says: []string{"Comparada con nuestros registros", "24 de noviembre de 2026", `href="?lang=fr"`, "Una llamada grabada"}, keeps: []string{"Received"}},
		{name: "a mistake", request: request{method: "POST", path: "/reports", header: spanish, body: form("nonce", nonce, "category", "robocall", "caller_number", "12", "occurrences", "x", "description", "Sonó.")}, status: 422,
			says: []string{"El número es demasiado corto", "Escriba un número entero", "Hay 2 respuestas", "Sonó."}, keeps: []string{"too short"}},
		{name: "the switch of the form", request: request{method: "POST", path: "/reports", header: spanish, body: form("nonce", nonce, "language", "fr", "category", "scam", "caller_number", "12", "files", "call.wav")}, status: 200,
			says: []string{`<html lang="fr"`, `value="12"`, nonce, `value="scam" required checked`, "choisissez-les à nouveau"}, keeps: []string{"trop court"}},
		{name: "nothing there", request: request{method: "GET", path: "/nothing", header: spanish}, status: 404, says: []string{"Aquí no hay nada", "Puede que el enlace sea antiguo"}},
		{name: "the console's door", request: request{method: "GET", path: "/desk/sign-in", header: spanish}, status: 200, says: []string{`<html lang="en"`, "Sign in"}, keeps: []string{"Idioma"}},
		{name: "the console", request: request{method: "GET", path: "/desk/queue", as: "analyst", header: spanish}, status: 200, says: []string{`<html lang="en"`}},
	})
	for _, r := range []request{{method: "GET", path: "/?lang=fr"}, {method: "POST", path: "/reports", body: form("language", "fr")}} {
		rec := w.send(r)
		set := rec.Result().Cookies()
		if len(set) != 1 || set[0].Name != "language" || set[0].Value != "fr" || set[0].Path != "/" || set[0].SameSite != http.SameSiteLaxMode || set[0].MaxAge < 1e7 {
			t.Errorf("%s: %v", r.path, set)
		}
	}
	if set := w.send(request{method: "GET", path: "/?lang=xx"}).Result().Cookies(); len(set) != 0 {
		t.Errorf("a language that we do not speak: %v", set)
	}
}
