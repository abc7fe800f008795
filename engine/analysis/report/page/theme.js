(function(){var names=["system","light","dark"],root=document.documentElement,button=document.getElementById("theme"),key="resnet-tui-report-theme",now="system";
try{now=localStorage.getItem(key)||now}catch(e){}
function show(){if(names.indexOf(now)<1){now="system";delete root.dataset.theme}else{root.dataset.theme=now}button.textContent="theme: "+now}
button.hidden=false;button.onclick=function(){now=names[(names.indexOf(now)+1)%3];try{localStorage.setItem(key,now)}catch(e){}show()};show()})();
