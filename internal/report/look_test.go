package report
import ("testing";"os";"assay/internal/i18n")
func TestLook(t *testing.T){ 
 for _,l:=range i18n.Langs(){ for _,f:=range Formats(){ e,_:=Lookup(f)
  for name,in:=range map[string]Input{"real":realistic(t,l),"sample":sample(t,l)}{
   o,err:=os.Create("/tmp/look/"+name+"-"+string(l)+"."+f); if err!=nil{t.Fatal(err)}
   if err:=e(o,in);err!=nil{t.Fatal(err)}
   o.Close()
 }}}
}
