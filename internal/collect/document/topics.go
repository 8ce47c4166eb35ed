package document

import (
	"strings"

	"assay/internal/fact"
	"assay/internal/pattern"
)

// topic is something that a kind of document is expected to speak to. A
// match is a place to read, not an answer.
type topic struct {
	name string
	re   *pattern.Pattern
}

// topics lists what is looked for in which kind of document, in English and
// in Chinese.
func topics(kind string) []topic {
	contact := topic{"contact", pattern.New(`(?i)[a-z0-9._%+-]+@[a-z0-9-]+(\.[a-z0-9-]+)+|https?://\S+/(security|report|contact|vulnerab)\S*`)}
	timeline := topic{"timeline", pattern.New(`(?i)\b(within|every|after|at least|in) (\d+|two|three|five|seven|ten|fourteen|thirty|ninety) (working |business |calendar )?(hour|day|week|month)s?\b|\d+ ?(個)?(小時|工作天|工作日|日|天|週|個月)內?`)}
	switch kind {
	case "disclosure-policy":
		return []topic{contact, timeline,
			{"disclosure", pattern.New(`(?i)disclos|publish|advisor|揭露|公告|公布`)},
			{"remedy", pattern.New(`(?i)\b(fix|remed|patch|mitigat|correct)|修補|改善|修正|緩解`)},
			{"scope", pattern.New(`(?i)\b(scope|all products|covers|applies to)\b|範圍|適用`)}}
	case "setup-guide", "user-manual":
		return []topic{
			{"passwords", pattern.New(`(?i)passwor|passphrase|通行碼`)},
			{"updates", pattern.New(`(?i)\bupdat|firmware|更新|韌體`)},
			{"network", pattern.New(`(?i)\b(network|wi-?fi|router|port|remote access)\b|網路|路由器|連接埠`)},
			{"storage", pattern.New(`(?i)\b(storage|recording|memory card|sd card)\b|儲存|記憶卡|錄影`)},
			{"privacy", pattern.New(`(?i)\b(privacy|microphone|lens|sensor)|隱私|麥克風|鏡頭|感測器`)},
			{"roles", pattern.New(`(?i)\b(role|administrator|viewer|guest)s?\b|角色|管理者|權限`)}}
	case "secure-development":
		return []topic{
			{"requirements", pattern.New(`(?i)requirement|threat model|威脅|需求`)},
			{"coding", pattern.New(`(?i)coding|review|static analys|程式碼|審查|靜態`)},
			{"testing", pattern.New(`(?i)\btest|fuzz|penetration|測試|模糊|滲透`)},
			{"components", pattern.New(`(?i)third.party|component|sbom|dependenc|第三方|元件`)},
			{"release", pattern.New(`(?i)\brelease|sign|archive|發行|簽章|封存`)}}
	case "privacy-notice":
		return []topic{
			{"purpose", pattern.New(`(?i)purpose|because|目的|用途`)},
			{"recipients", pattern.New(`(?i)third part|shared with|recipient|第三方|提供給`)},
			{"deletion", pattern.New(`(?i)delet|eras|刪除|清除`)},
			{"consent", pattern.New(`(?i)consent|agree|同意`)}}
	case "support-period":
		return []topic{{"period", pattern.New(`(?i)support|security updates?|支援|更新`)}}
	case "roles":
		return []topic{{"roles", pattern.New(`(?i)\b(role|administrator|viewer|guest|may)\b|角色|管理者|權限`)}}
	}
	return nil
}

func quotes(lines []line, args Args, emit func(Record) error) error {
	for _, t := range topics(args.Type) {
		found := 0
		for _, l := range lines {
			if found == maxQuotes {
				break
			}
			q := fact.Quote{Document: args.Document, Type: args.Type, Topic: t.name, Line: l.n}
			var at []int
			if t.name != "contact" || strings.ContainsAny(l.text, "@/") { // spares a costly search
				at = t.re.FindStringIndex(l.text)
			}
			switch {
			case at != nil:
				q.Text = around(l.text, at[0], at[1])
			case t.name == "contact" && t.re.MatchString(l.mail):
				q.Text = l.mail
			default:
				continue
			}
			found++
			if err := emit(Record{Quote: &q}); err != nil {
				return err
			}
		}
	}
	return nil
}

// around clips a long line to what stands near a match.
func around(s string, from, to int) string {
	if len(s) <= maxQuote {
		return s
	}
	lo, hi := max(0, from-maxQuote/2), min(len(s), to+maxQuote/2)
	return "…" + strings.ToValidUTF8(s[lo:hi], "") + "…"
}
