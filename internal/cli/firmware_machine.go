package cli

import (
	"strconv"

	"assay/internal/pattern"
)

// machines are the names of the processors that devices are built on, by e_machine
// of ELF (gABI, "ELF Header", and the registry that continues it).
var machines = map[int]string{2: "SPARC", 3: "x86", 4: "68000", 8: "MIPS", 20: "PowerPC", 21: "PowerPC64", 22: "S390", 40: "ARM", 42: "SuperH", 43: "SPARC V9", 45: "ARC", 50: "IA-64",
	62: "x86-64", 83: "AVR", 93: "ARCompact", 94: "Xtensa", 105: "MSP430", 106: "Blackfin", 113: "Nios II", 164: "Hexagon", 183: "AArch64", 189: "MicroBlaze", 195: "ARCv2", 243: "RISC-V", 252: "C-SKY", 258: "LoongArch"}

var machine = pattern.New(`\bmachine ([0-9]+)\b`)

// machined gives a part's note the name of the processor in place of its number.
func machined(note string) string {
	return machine.ReplaceAllStringFunc(note, func(s string) string {
		n, err := strconv.Atoi(s[len("machine "):])
		if name := machines[n]; err == nil && name != "" {
			return name
		}
		return s
	})
}
