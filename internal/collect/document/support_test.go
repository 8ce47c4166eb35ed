package document

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestSupportSpellings: each way to write an end becomes one day, or a
// question for a person; never nothing.
func TestSupportSpellings(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, text string
		until      []string
		asks       bool
	}{
		{"length-from-first-sale", "Security updates for at least five years from the date of first sale, 22 November 2026.", []string{"2031-11-22"}, false},
		{"length-over-two-lines", "We support it for at least 5 (five) years\nfrom 22 November 2026.", []string{"2031-11-22"}, false},
		{"length-in-months", "Security updates: 18 months from 2026-08-31", []string{"2028-02-29"}, false},
		{"length-chinese", "自 2026 年 11 月 22 日起提供至少五年的安全更新。", []string{"2031-11-22"}, false},
		{"length-chinese-after-launch", "本產品於2026年11月22日上市，上市後提供安全更新10年。", []string{"2036-11-22"}, false},
		{"length-from-purchase", "We provide security updates for 5 years from purchase.", nil, true},
		{"length-from-purchase-chinese", "安全更新自購買日起提供五年。", nil, true},
		{"length-with-the-date-of-print", "Support for 5 years from purchase. Published 22 November 2026.", nil, true},
		{"length-and-end", "Supported for at least 5 years from 2026-05-01, until 31 December 2031", []string{"2031-12-31"}, false},
		{"slashes-year-first", "Security updates until 2031/11/22", []string{"2031-11-22"}, false},
		{"short-month", "Supported until 31 Dec 2031", []string{"2031-12-31"}, false},
		{"short-month-with-dots", "Supported until 31st Dec. 2031.", []string{"2031-12-31"}, false},
		{"american-short", "Security updates through Sept 30th, 2031", []string{"2031-09-30"}, false},
		{"dots-year-first", "Security updates until 2031.11.22", []string{"2031-11-22"}, false},
		{"dots-day-first", "Security updates until 22.11.2031", []string{"2031-11-22"}, false},
		{"with-a-time", "Support ends 2031-05-01T00:00:00Z", []string{"2031-05-01"}, false},
		{"month-in-numbers", "Security updates until 11/2031", []string{"2031-11-30"}, false},
		{"month-in-words", "Support ends February 2032", []string{"2032-02-29"}, false},
		{"month-chinese", "安全更新支援至 2031 年 2 月", []string{"2031-02-28"}, false},
		{"republic-of-china", "安全更新提供至民國120年2月28日止", []string{"2031-02-28"}, false},
		{"republic-of-china-month", "支援期限：民國 120 年 2 月", []string{"2031-02-28"}, false},
		{"full-width", "安全更新支援至２０３１年５月１日", []string{"2031-05-01"}, false},
		{"end-of-a-year", "Supported until the end of 2031", []string{"2031-12-31"}, false},
		{"end-of-a-year-chinese", "安全更新支援至2031年底", []string{"2031-12-31"}, false},
		{"day-over-month-known", "Support until 22/11/2031", []string{"2031-11-22"}, false},
		{"day-or-month", "Support until 05/06/2031", nil, true},
		{"year-alone", "Support until 2031", nil, true},
		{"numbers-in-words", "安全更新支援至二〇三一年五月一日", nil, true},
		{"republic-left-out", "安全更新支援至120年2月28日", nil, true},
		{"no-such-day", "Support until 2031-02-30", nil, true},
		{"no-such-month", "Support until 13/2031", nil, true},
		{"not-said-what-it-is", "Security updates: 2031-12-31", nil, true},
		{"range", "Support period: 2026-05-01 – 2031-05-01", []string{"2031-05-01"}, false},
		{"range-chinese", "支援期間：2026/5/1 至 2031/5/1", []string{"2031-05-01"}, false},
		{"day-before-the-word", "2031-05-01 is the end of support.", []string{"2031-05-01"}, false},
		{"day-of-the-page", "Security updates until 2031-05-01.\nLast updated: 2026-01-01", []string{"2031-05-01"}, false},
		{"day-of-the-page-chinese", "安全更新支援至 2031-05-01\n更新日期：2026-01-01", []string{"2031-05-01"}, false},
		{"two-ends", "Security updates until 2031-05-01.\nSupport ends 2028-01-01.", []string{"2031-05-01", "2028-01-01"}, false},
		{"same-end-twice", "Security updates until 2031-05-01.\nSupport ends 1 May 2031.", []string{"2031-05-01"}, false},
		{"rows-of-models", "Support ends:\nLC-100: until 2028-01-01\nLC-200: until 2031-05-01", []string{"2031-05-01"}, false},
		{"rows-of-models-same-line", "Security updates: LC-100 until 2028-01-01, LC200 until 2031-05-01", []string{"2031-05-01"}, false},
		{"only-rows-of-others", "LC-200 and others. Security updates:\nLC-100: until 2028-01-01", nil, true},
		{"row-of-a-page", "<html><table><tr><th>Model</th><th>End of support</th></tr>\n<tr><td>LC-200</td><td>2031-05-01</td></tr></table>", []string{"2031-05-01"}, false},
		{"inside-of-a-line", "<html><p>Security updates <b>until</b> <time>1 May 2031</time>.</p>", []string{"2031-05-01"}, false},
		{"nothing", "LC-200 is supported for as long as possible.", nil, false},
		{"printed", "Support. Printed on 2026-01-01.", nil, false},
		{"version", "Support page of firmware version 2.11.3", nil, false},
		{"end-users", "We support end users. © 2026 Example", nil, false},
		{"at-least-chinese", "我們至少支援所有使用者", nil, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			_, quotes, ends := read(t, row.text, Args{Document: "d", Type: "support-period", Model: "LC-200"})
			var until []string
			for _, e := range ends {
				until = append(until, e.Until)
				if e.Text == "" || e.Line < 1 || e.Document != "d" {
					t.Errorf("an end without its place: %+v", e)
				}
			}
			asks := false
			for _, q := range quotes {
				asks = asks || q.Topic == unparsed && q.Document == "d" && q.Type == "support-period" && q.Line > 0
			}
			if d := cmp.Diff(row.until, until); d != "" || asks != row.asks {
				t.Errorf("asks a person: %t; ends (-want +got):\n%s", asks, d)
			}
		})
	}
}
