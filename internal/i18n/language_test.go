package i18n

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
)

var placeholder = regexp.MustCompile(`\{[a-z_]+\}`)

func placeholders(s string) []string {
	out := placeholder.FindAllString(s, -1)
	slices.Sort(out)
	return slices.Compact(out)
}

func TestPlaceholdersAgree(t *testing.T) {
	t.Parallel()
	texts := Must()
	for _, k := range texts.Keys() {
		text, _ := texts.Get(k)
		if diff := cmp.Diff(placeholders(text.En), placeholders(text.Zh)); diff != "" {
			t.Errorf("%s: the languages ask for different arguments (-en +zh-Hant):\n%s", k, diff)
		}
	}
}

func han(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return unicode.Is(unicode.Han, r) })
}

// loose are texts whose Chinese rightly has no Chinese character: names,
// formats and texts that are nothing but arguments.
var loose = regexp.MustCompile(`^[\s\p{P}\p{S}\d]*(\{[a-z_]+\}[\s\p{P}\p{S}\d]*)*$`)

func TestEachLanguageIsItself(t *testing.T) {
	t.Parallel()
	texts := Must()
	for _, k := range texts.Keys() {
		text, _ := texts.Get(k)
		if strings.ContainsFunc(text.En, func(r rune) bool {
			return unicode.Is(unicode.Han, r) || (r >= 0x3000 && r <= 0x303f) || (r >= 0xff00 && r <= 0xffef)
		}) {
			t.Errorf("%s: the English holds Chinese: %q", k, text.En)
		}
		if !han(text.Zh) && text.En != text.Zh && !loose.MatchString(text.Zh) {
			t.Errorf("%s: the Chinese isn't Chinese: %q", k, text.Zh)
		}
		for name, s := range map[string]string{"en": text.En, "zh-Hant": text.Zh} {
			s = strings.TrimSuffix(s, " ") // a lead such as "Report: "
			if !strings.Contains(s, "\n") && (strings.TrimSpace(s) != s || strings.ContainsAny(s, "\t\r")) {
				t.Errorf("%s: %s has stray white space: %q", k, name, s)
			}
		}
	}
}

// mainland are words that readers in Taiwan don't use, each with the word to
// use. The exceptions are taken out before the search.
var mainland = map[string]string{
	"固件": "韌體", "默認": "預設", "缺省": "預設", "服務器": "伺服器", "網絡": "網路", "互聯網": "網際網路",
	"信息": "資訊／訊息", "軟件": "軟體", "硬件": "硬體", "端口": "連接埠", "數據庫": "資料庫", "數據": "資料",
	"用戶": "使用者", "登錄": "登入", "文檔": "文件", "密碼": "通行碼", "視頻": "影片", "音頻": "音訊",
	"攝像頭": "攝影機", "訪問": "存取", "兼容": "相容", "支持": "支援", "質量": "品質", "加載": "載入",
	"鏈接": "連結", "接口": "介面", "界面": "介面", "操作系統": "作業系統", "應用程序": "應用程式", "源代碼": "原始碼",
	"屏幕": "螢幕", "打印": "列印", "內存": "記憶體", "硬盤": "硬碟", "緩存": "快取", "線程": "執行緒",
	"字節": "位元組", "字符": "字元", "比特": "位元", "變量": "變數", "密鑰": "金鑰", "數字簽名": "數位簽章",
	"數字證書": "憑證", "遠程": "遠端", "實時": "即時", "調試": "除錯", "報文": "封包", "賬號": "帳號", "賬戶": "帳號",
	"短信": "簡訊", "反饋": "回饋", "卸載": "移除", "激活": "啟用", "IP地址": "IP 位址", "IP 地址": "IP 位址",
}

// fine are words that hold a mainland word by chance, or terms that the
// standards print.
var fine = []string{"遙測數據", "用戶端", "密碼套件", "密碼學", "密碼演算法", "密碼模組"}

// simplified are common characters that exist in simplified writing only.
const simplified = "们这说网务应设证认录册关开无时来对动现发经过给请处号码钥权据输连线机检测标记载试"

func TestChineseOfTaiwan(t *testing.T) {
	t.Parallel()
	texts := Must()
	for _, k := range texts.Keys() {
		text, _ := texts.Get(k)
		for _, p := range wrongWords(text.Zh) {
			t.Errorf("%s: %s in %q", k, p, text.Zh)
		}
	}
}

func wrongWords(s string) []string {
	for _, f := range fine {
		s = strings.ReplaceAll(s, f, "　")
	}
	var out []string
	for bad, good := range mainland {
		if strings.Contains(s, bad) {
			out = append(out, "write "+good+", not "+bad+",")
		}
	}
	if i := strings.IndexAny(s, simplified); i >= 0 {
		r := []rune(s[i:])[0]
		out = append(out, "simplified character "+string(r))
	}
	slices.Sort(out)
	return out
}

func TestWrongWords(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, text string
		want       int
	}{
		{"good", "韌體更新經伺服器傳送，使用者以通行碼登入", 0},
		{"telemetry", "未宣告遙測數據", 0},
		{"data", "未宣告數據", 1},
		{"cipher-suite", "接受的密碼套件", 0},
		{"password", "輸入密碼", 1},
		{"client", "用戶端", 0},
		{"two", "固件默認", 2},
		{"simplified", "裝置认證", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := wrongWords(c.text); len(got) != c.want {
				t.Errorf("%q: got %v, want %d", c.text, got, c.want)
			}
		})
	}
}

// TestTermsOfTheField: the terms that the standards and laboratories of
// Taiwan use occur.
func TestTermsOfTheField(t *testing.T) {
	t.Parallel()
	texts := Must()
	var all strings.Builder
	for _, k := range texts.Keys() {
		text, _ := texts.Get(k)
		all.WriteString(text.Zh + "\n")
	}
	for _, term := range []string{
		"通行碼", "鑑別", "韌體", "遙測數據", "前向保密", "伺服器", "預設", "網路", "檔案", "資料", "程式", "軟體",
		"位址", "連接埠", "憑證", "使用者", "支援", "敏感性個人資料", "安全通道", "重送", "漏洞揭露", "識別碼", "金鑰", "密碼套件",
		"符合", "不符合", "無法判定", "不適用",
	} {
		if !strings.Contains(all.String(), term) {
			t.Errorf("%s occurs nowhere", term)
		}
	}
}

// TestEndings: what stands inside another sentence or a table ends without a
// full stop; what stands alone has one.
func TestEndings(t *testing.T) {
	t.Parallel()
	texts := Must()
	n := 0
	for _, k := range texts.Keys() {
		family, _, _ := strings.Cut(k, ".")
		last := k[strings.LastIndexByte(k, '.')+1:]
		text, _ := texts.Get(k)
		stop := strings.HasSuffix(text.En, ".")
		stopZh := strings.HasSuffix(text.Zh, "。")
		switch {
		case slices.Contains([]string{"reason", "provide", "not-tried", "cut", "confirm"}, family), family == "case" && last == "title":
			n++
			if stop || stopZh {
				t.Errorf("%s ends with a full stop", k)
			}
		case family == "case":
			n++
			if !stop || !stopZh {
				t.Errorf("%s: a sentence ends with a full stop", k)
			}
		case family == "observe":
			n++
			if !strings.Contains(text.En, "?") || !strings.Contains(text.Zh, "？") {
				t.Errorf("%s isn't a question", k)
			}
		}
	}
	if n < 300 {
		t.Errorf("only %d texts were looked at", n)
	}
}
