package simulate

import (
	"bytes"
	"embed"
	"encoding/csv"
	"fmt"
	"sync"
)

//go:embed data/robocalls.csv data/pretexts.csv
var data embed.FS

// Transcript is what a recorded robocall said (data/README.md has the origin).
type Transcript struct {
	ID       string
	Language string // en or zh, as detected
	Campaign string // one script, such as "auto-warranty"
	Pretext  string // the coarse kind of story, such as "warranty"
	Callback string // E.164 of the number that the message asks to call, or ""; real, never to be called
	Text     string
}

// Transcripts returns all of them in the order of the file. The slice is the
// caller's.
func Transcripts() []Transcript {
	return append([]Transcript(nil), transcripts()...)
}

// CampaignTranscripts returns those of a campaign that are English and name no
// callback number, so that what is played never shows a real one.
func CampaignTranscripts(campaign string) []Transcript {
	var out []Transcript
	for _, t := range transcripts() {
		if t.Campaign == campaign && t.Language == "en" && t.Callback == "" {
			out = append(out, t)
		}
	}
	return out
}

// transcripts reads the embedded files. They are part of the program, so a
// fault in them is one of the build.
var transcripts = sync.OnceValue(func() []Transcript {
	pretext := map[string]string{}
	for _, row := range rows("data/pretexts.csv", "campaign", "pretext") {
		pretext[row[0]] = row[1]
	}
	var out []Transcript
	for _, row := range rows("data/robocalls.csv", "id", "language", "campaign", "callback_number", "transcript") {
		out = append(out, Transcript{ID: row[0], Language: row[1], Campaign: row[2], Pretext: pretext[row[2]], Callback: row[3], Text: row[4]})
	}
	return out
})

func rows(name string, header ...string) [][]string {
	raw, err := data.ReadFile(name)
	if err != nil {
		panic(err)
	}
	all, err := csv.NewReader(bytes.NewReader(raw)).ReadAll()
	if err != nil {
		panic(fmt.Sprintf("%s: %v", name, err))
	}
	if fmt.Sprint(all[0]) != fmt.Sprint(header) {
		panic(fmt.Sprintf("%s: header %v, want %v", name, all[0], header))
	}
	return all[1:]
}
